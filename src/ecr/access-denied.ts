import { CALLS_OF_PUSH, type ErrorRow } from './error-row.ts';

/** What a missing permission means: the service says in its words whose policy is to change. */
export const ACCESS_DENIED: readonly ErrorRow[] = [
  {
    says: /sts:GetServiceBearerToken/,
    code: 'AUTH',
    hint: 'Allow the IAM actions ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken on the resource * for these credentials.',
  },
  {
    says: /explicit deny/,
    code: 'AUTH',
    hint: 'A policy denies the IAM action {action}, and no other can allow it: change the policy that denies it.',
  },
  {
    of: CALLS_OF_PUSH,
    says: /no resource-based policy/,
    code: 'AUTH',
    hint: "Ask the owner of the repository to run 'ecrp policy grant {repository} --push {account}'.",
  },
  {
    says: /no resource-based policy/,
    code: 'AUTH',
    hint: "Ask the owner of the repository to allow {action} in its policy: 'ecrp policy set'.",
  },
  {
    of: CALLS_OF_PUSH,
    code: 'AUTH',
    hint: "Allow the IAM action {action} for these credentials. 'ecrp doctor {repository}' lists all that a push needs.",
  },
  {
    code: 'AUTH',
    hint: 'Allow the IAM action {action} for these credentials, then run it again.',
  },
];
