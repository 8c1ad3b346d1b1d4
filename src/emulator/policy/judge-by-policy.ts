import { isObject, type JsonObject } from '../json.ts';
import type { Principal } from '../principal.ts';
import { matchesAction } from './match-action.ts';
import { readPolicy } from './read-policy.ts';

/**
 * Evaluates a repository's policy for a principal and an action. A deny wins over every allow. Statements with a condition are ignored; see
 * `CHOICES.policyConditions`. Source: IAM user guide, "Policy evaluation logic".
 */
export function judgeByPolicy(
  policyText: string | undefined,
  principal: Principal,
  action: string,
): 'allowed' | 'denied' | 'unsaid' {
  const statements = (readPolicy(policyText ?? '')?.Statement ?? []).filter(
    (statement) => statement.Condition === undefined && applies(statement, principal, action),
  );
  if (statements.some((statement) => statement.Effect === 'Deny')) return 'denied';
  return statements.length > 0 ? 'allowed' : 'unsaid';
}

function applies(statement: JsonObject, principal: Principal, action: string): boolean {
  const { Action: actions, NotAction: otherActions, Principal: whom, NotPrincipal: others } = statement;
  const namesAction = listStrings(actions ?? otherActions).some((pattern) => matchesAction(pattern, action));
  const namesPrincipal = listPrincipals(whom ?? others).some((name) => isNamed(principal, name));
  return (actions !== undefined) === namesAction && (whom !== undefined) === namesPrincipal;
}

/** Whether a policy's `name` covers the principal: everybody, its account, its ARN, or the role that it assumed. */
function isNamed({ registryId, arn }: Principal, name: string): boolean {
  const role = arn.replace(/^(arn:[^:]+):sts::(\d+):assumed-role\/([^/]+)\/.*$/, '$1:iam::$2:role/$3');
  return name === '*' || name === `arn:aws:iam::${registryId}:root` || name === arn || name === role;
}

/** AWS principals of a `Principal` or `NotPrincipal`; services and federated users are ignored. */
export function listPrincipals(principal: unknown): readonly string[] {
  return isObject(principal) ? listStrings(principal.AWS) : listStrings(principal);
}

export function listStrings(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
}
