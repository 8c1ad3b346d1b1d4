import { EcrpError } from '../errors.ts';
import { quoteText } from '../foreign-text.ts';
import { type PolicyService, PUBLIC_POLICIES } from './policy-service.ts';

/** An account as AWS writes it, and as its console shows it. */
const ACCOUNT_ID = /^(\d{4})-?(\d{4})-?(\d{4})$/;
/** Source: IAM user guide, "AWS JSON policy elements: Principal" and "IAM identifiers". */
const PRINCIPAL_ARN =
  /^arn:(aws[a-z-]*):(?:iam::\d{12}:(?:root|(?:user|role)\/[\w+=,.@/-]+)|sts::\d{12}:(?:assumed-role\/[\w+=,.@/-]+\/[\w+=,.@-]+|federated-user\/[\w+=,.@-]+))$/;
/** What AWS shows in a policy in place of the ARN of a deleted user or role. */
const UNIQUE_ID = /^A[A-Z]{3}[A-Z0-9]{12,}$/;

/**
 * Returns the form in which the service stores an AWS principal: an account becomes the ARN of its root.
 * @param partition Of the service: `aws`, `aws-cn`.
 */
export function toPrincipalArn(principal: string, partition = 'aws'): string {
  const [, ...digits] = ACCOUNT_ID.exec(principal) ?? [];
  return digits.length === 0 ? principal : `arn:${partition}:iam::${digits.join('')}:root`;
}

/** Returns what is alike for principals that mean the same. An account is the same in each form, and no two partitions share one. */
export function toPrincipalKey(principal: string): string {
  return toPrincipalArn(principal).replace(/^arn:aws[a-z-]*:(iam::\d{12}:root)$/, 'arn:aws:$1');
}

/** True for the ID of a user or role that was deleted. The service refuses a policy that names one. */
export function isDeletedPrincipal(principal: string): boolean {
  return UNIQUE_ID.test(principal);
}

/** Parses an account or the ARN of a user, role or session of the service's partition. Throws USAGE for everything else. */
export function parsePrincipal(text: string, service: PolicyService = PUBLIC_POLICIES): string {
  const arn = toPrincipalArn(text.trim(), service.partition);
  if (PRINCIPAL_ARN.exec(arn)?.[1] === service.partition) return arn;
  throw new EcrpError('USAGE', `${quoteText(text)} is not an AWS account or the ARN of a user or role`, {
    hint: explainPrincipal(arn, service),
  });
}

/** Parses a principal to remove. It may also be the ID that AWS shows for a deleted user or role. */
export function parseStoredPrincipal(text: string, service: PolicyService = PUBLIC_POLICIES): string {
  const id = text.trim();
  return isDeletedPrincipal(id) ? id : parsePrincipal(id, service);
}

function explainPrincipal(text: string, { name, partition }: PolicyService): string {
  if (text === '*') {
    return "Name each account. To let every AWS account push, write that policy yourself: 'ecrp policy set'.";
  }
  if (isDeletedPrincipal(text)) return 'Give the ARN of the user or role: policies take no IDs.';
  if (/:group\//.test(text)) return 'A group is no principal: give its account, or the ARN of a role.';
  if (PRINCIPAL_ARN.test(text)) {
    return `This repository of ${name} is in the partition ${partition}, which knows no accounts of other partitions.`;
  }
  if (/^\d+$/.test(text)) return 'An account has 12 digits.';
  return `Give 12 digits, or an ARN such as arn:${partition}:iam::123456789012:role/build.`;
}
