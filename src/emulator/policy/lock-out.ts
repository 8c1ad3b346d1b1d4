import { listPrincipals, listStrings } from './judge-by-policy.ts';
import { matchesAction } from './match-action.ts';
import type { Policy } from './read-policy.ts';

/** Whether it denies the account itself to set another policy. */
export function locksOut(policy: Policy, account: string): boolean {
  return policy.Statement.some(
    (statement) =>
      statement.Effect === 'Deny' &&
      statement.Condition === undefined &&
      listPrincipals(statement.Principal).some((principal) => namesAccount(principal, account)) &&
      listStrings(statement.Action).some((action) => matchesAction(action, 'ecr-public:SetRepositoryPolicy')),
  );
}

function namesAccount(principal: string, account: string): boolean {
  return principal === '*' || principal === `arn:aws:iam::${account}:root`;
}
