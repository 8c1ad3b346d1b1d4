import { EcrpError } from '../errors.ts';
import { quoteText } from '../foreign-text.ts';

/** An account as AWS writes it, and as its console shows it. */
const ACCOUNT_ID = /^(\d{4})-?(\d{4})-?(\d{4})$/;
/** Source: IAM user guide, "AWS JSON policy elements: Principal" and "IAM identifiers". ECR Public is in the partition aws alone. */
const PRINCIPAL_ARN =
  /^arn:aws:(?:iam::\d{12}:(?:root|(?:user|role)\/[\w+=,.@/-]+)|sts::\d{12}:(?:assumed-role\/[\w+=,.@/-]+\/[\w+=,.@-]+|federated-user\/[\w+=,.@-]+))$/;
/** What AWS shows in a policy in place of the ARN of a deleted user or role. */
const UNIQUE_ID = /^A[A-Z]{3}[A-Z0-9]{12,}$/;

/** Returns the form in which the service stores an AWS principal: an account becomes the ARN of its root. */
export function toPrincipalArn(principal: string): string {
  const [, ...digits] = ACCOUNT_ID.exec(principal) ?? [];
  return digits.length === 0 ? principal : `arn:aws:iam::${digits.join('')}:root`;
}

/** True for the ID of a user or role that was deleted. The service refuses a policy that names one. */
export function isDeletedPrincipal(principal: string): boolean {
  return UNIQUE_ID.test(principal);
}

/** Parses an account or the ARN of a user, role or session. Throws USAGE for everything else. */
export function parsePrincipal(text: string): string {
  const arn = toPrincipalArn(text.trim());
  if (PRINCIPAL_ARN.test(arn)) return arn;
  throw new EcrpError('USAGE', `${quoteText(text)} is not an AWS account or the ARN of a user or role`, {
    hint: explainPrincipal(arn),
  });
}

/** Parses a principal to remove. It may also be the ID that AWS shows for a deleted user or role. */
export function parseStoredPrincipal(text: string): string {
  const id = text.trim();
  return isDeletedPrincipal(id) ? id : parsePrincipal(id);
}

function explainPrincipal(text: string): string {
  if (text === '*') {
    return "Name each account. To let every AWS account push, write that policy yourself: 'ecrp policy set'.";
  }
  if (isDeletedPrincipal(text)) return 'Give the ARN of the user or role: policies take no IDs.';
  if (/:group\//.test(text)) return 'A group is no principal: give its account, or the ARN of a role.';
  if (/^arn:aws-/.test(text)) {
    return 'ECR Public is in the partition aws, which knows no accounts of other partitions.';
  }
  if (/^\d+$/.test(text)) return 'An account has 12 digits.';
  return 'Give 12 digits, or an ARN such as arn:aws:iam::123456789012:role/build.';
}
