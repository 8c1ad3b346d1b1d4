import { isParsedObject, type ParsedObject } from '../json.ts';
import type { Principal } from '../served-registry.ts';
import { type Policy, readPolicy } from './policy-document.ts';
import { matchesWildcard } from './wildcard.ts';

/**
 * Evaluates a repository's policy for a principal and an action. A deny wins over every allow. Statements with a condition are ignored: see
 * `CHOICES.policyConditions`. Source: IAM user guide, "Policy evaluation logic".
 */
export function evaluatePolicy(
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

function applies(statement: ParsedObject, principal: Principal, action: string): boolean {
  const { Action: actions, NotAction: otherActions, Principal: whom, NotPrincipal: others } = statement;
  const namesAction = listStrings(actions ?? otherActions).some((pattern) => matchesAction(pattern, action));
  const namesPrincipal = listPrincipals(whom ?? others).some((name) => isNamed(principal, name));
  return (actions !== undefined) === namesAction && (whom !== undefined) === namesPrincipal;
}

/** True when `name` in a policy covers the principal: everybody, its account, its ARN, or its assumed role. */
function isNamed({ registryId, arn }: Principal, name: string): boolean {
  const role = arn.replace(/^(arn:[^:]+):sts::(\d+):assumed-role\/([^/]+)\/.*$/, '$1:iam::$2:role/$3');
  return name === '*' || name === `arn:aws:iam::${registryId}:root` || name === arn || name === role;
}

/** The AWS principals of a `Principal` or `NotPrincipal`. Services and federated users are ignored. */
function listPrincipals(principal: unknown): readonly string[] {
  return isParsedObject(principal) ? listStrings(principal.AWS) : listStrings(principal);
}

function listStrings(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
}

/** Matches an action against a pattern with the wildcards `*` and `?`, ignoring case. */
export function matchesAction(pattern: string, action: string): boolean {
  return matchesWildcard(pattern.toLowerCase(), action.toLowerCase());
}

/** True when the policy denies SetRepositoryPolicy of a service to the account itself. */
export function locksOut(policy: Policy, account: string, signingName: string): boolean {
  return policy.Statement.some(
    (statement) =>
      statement.Effect === 'Deny' &&
      statement.Condition === undefined &&
      listPrincipals(statement.Principal).some((principal) => namesAccount(principal, account)) &&
      listStrings(statement.Action).some((action) =>
        matchesAction(action, `${signingName}:SetRepositoryPolicy`),
      ),
  );
}

function namesAccount(principal: string, account: string): boolean {
  return principal === '*' || principal === `arn:aws:iam::${account}:root`;
}
