// `policy/` holds what a repository policy means: statements, principals, the grant of a push. It makes no call of the API.

import { isObject, type JsonObject, tryParseJson } from '../json.ts';
import { MAX_POLICY_CHARS } from '../wire/limits.ts';

/** A policy of the IAM grammar. `Statement` is an object or a list of objects, whose members are as the author wrote them. */
export type ParsedPolicy = JsonObject & { readonly Statement: JsonObject | readonly JsonObject[] };

/** Parses the text of a policy. Undefined unless it is a JSON object with statements. */
export function parsePolicy(text: string): ParsedPolicy | undefined {
  const value = tryParseJson(text);
  return isParsedPolicy(value) ? value : undefined;
}

/** True for an object with one statement or a list of them. */
export function isParsedPolicy(value: unknown): value is ParsedPolicy {
  if (!isObject(value)) return false;
  const { Statement: statements } = value;
  return isObject(statements) || (Array.isArray(statements) && statements.every(isObject));
}

/** Lists the statements; a single one may stand in a policy without a list. */
export function listStatements(policy: ParsedPolicy | undefined): readonly JsonObject[] {
  if (policy === undefined) return [];
  // Array.isArray does not narrow a readonly list.
  return Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement as JsonObject];
}

/** Replaces the statements. Undefined when none is left: the service takes no policy without a statement. */
export function replaceStatements(
  policy: ParsedPolicy,
  statements: readonly JsonObject[],
): ParsedPolicy | undefined {
  return statements.length === 0 ? undefined : { ...policy, Statement: statements };
}

/** Returns a policy without the statements of a Sid. Undefined when no statement is left. */
export function removeSid(policy: ParsedPolicy, sid: string): ParsedPolicy | undefined {
  return replaceStatements(
    policy,
    listStatements(policy).filter(({ Sid }) => Sid !== sid),
  );
}

/** Lists the texts of a member that may be one text or a list. Skips everything else. */
export function listTexts(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((item) => typeof item === 'string');
}

/** Formats a policy for the API: indented if that fits into its limit. */
export function formatPolicyText(policy: ParsedPolicy): string {
  const indented = JSON.stringify(policy, null, 2);
  return fitsPolicy(indented) ? indented : JSON.stringify(policy);
}

/** True if a policy is not too long. The limit counts code points. */
export function fitsPolicy(text: string): boolean {
  return text.length <= MAX_POLICY_CHARS || [...text].length <= MAX_POLICY_CHARS;
}
