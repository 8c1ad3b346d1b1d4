import { isObject } from '../json.ts';
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

function listPrincipals(principal: unknown): readonly string[] {
  return isObject(principal) ? listStrings(principal.AWS) : listStrings(principal);
}

function listStrings(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
}

function namesAccount(principal: string, account: string): boolean {
  return principal === '*' || principal === `arn:aws:iam::${account}:root`;
}

/**
 * `*` and `?` stand for characters, as in every IAM policy; letters match whatever their case. Not by a regular expression, which a pattern
 * of many stars could keep busy for hours.
 */
function matchesAction(pattern: string, action: string): boolean {
  const [wanted, actual] = [pattern.toLowerCase(), action.toLowerCase()];
  let [at, star, resume] = [0, -1, 0];
  for (let read = 0; read < actual.length; ) {
    if (wanted[at] === '*') {
      star = at;
      resume = read;
      at += 1;
    } else if (wanted[at] === '?' || wanted[at] === actual[read]) {
      at += 1;
      read += 1;
    } else if (star >= 0) {
      // The last star takes one character more.
      resume += 1;
      read = resume;
      at = star + 1;
    } else return false;
  }
  return /^\**$/.test(wanted.slice(at));
}
