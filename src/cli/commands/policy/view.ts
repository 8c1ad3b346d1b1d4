import type { RepositoryPolicy } from '../../../ecr/policies.ts';
import { formatJsonLines } from '../../../foreign-text.ts';
import type { JsonObject } from '../../../json.ts';
import { comparePolicies, type PolicyChange } from '../../../policy/compare-policies.ts';
import { type ParsedPolicy, parsePolicy } from '../../../policy/policy-text.ts';
import type { CommandContext } from '../../command-context.ts';
import type { JsonValue, Outcome, ResultMembers } from '../../output.ts';

/** Outcome of `policy get`: the policy as JSON, with and without `--json`. */
export function viewRepositoryPolicy(found: RepositoryPolicy, policy: ParsedPolicy | undefined): Outcome {
  return {
    result: listPolicyMembers(found, policy),
    view: policy === undefined ? found.policyText.split('\n') : formatJsonLines(policy),
  };
}

/** Outcome of `policy get --sid`. Statements of one Sid are rarely more than one. */
export function viewPolicyStatements(
  found: RepositoryPolicy,
  policy: ParsedPolicy | undefined,
  statements: readonly JsonObject[],
): Outcome {
  return {
    result: { ...listPolicyMembers(found, policy), statements: asJson(statements) },
    view: statements.flatMap((each) => formatJsonLines(each)),
  };
}

/** A policy before and after a command. The same object if the command changed nothing. */
export interface ChangedPolicy {
  /** Undefined: there was none. `unread`: the caller may set a policy, but not read it. */
  readonly before: RepositoryPolicy | 'unread' | undefined;
  readonly after: RepositoryPolicy | undefined;
}

/**
 * Outcome of a command that may change a policy: what changed, statement by statement.
 * @param unchanged A sentence that says why nothing was changed.
 */
export function reportChange(
  { messages }: CommandContext,
  name: string,
  { before, after }: ChangedPolicy,
  unchanged: string,
): Outcome {
  const policy = after && parsePolicy(after.policyText);
  if (before === 'unread') {
    messages.note(`Set the policy of ${name}. These credentials may not read the one before.`);
    return { result: after && listPolicyMembers(after, policy), view: '' };
  }
  const status = findStatus(before, after);
  messages.note(
    status === 'unchanged' ? `${unchanged} Nothing was changed.` : `${DONE[status]} the policy of ${name}.`,
  );
  const { registryId, repositoryName } = after ?? before ?? {};
  const members = after === undefined ? { registryId, repositoryName } : listPolicyMembers(after, policy);
  const changes = comparePolicies(before && parsePolicy(before.policyText), policy);
  return {
    result: { ...members, status, changes: changes.map(describeChange) },
    view: changes.flatMap(viewChange),
  };
}

const DONE = { created: 'Set', changed: 'Changed', deleted: 'Deleted' } as const;

function findStatus(
  before: RepositoryPolicy | undefined,
  after: RepositoryPolicy | undefined,
): keyof typeof DONE | 'unchanged' {
  if (before === after) return 'unchanged';
  if (before === undefined) return 'created';
  return after === undefined ? 'deleted' : 'changed';
}

function listPolicyMembers(
  { registryId, repositoryName, policyText }: RepositoryPolicy,
  policy: ParsedPolicy | undefined,
): ResultMembers {
  return { registryId, repositoryName, policyText, policy: policy && asJson(policy) };
}

/** What JSON.parse gave is JSON. */
function asJson(value: JsonObject | readonly JsonObject[]): JsonValue {
  return value as JsonValue;
}

function describeChange({ sid, part, change, added, removed }: PolicyChange): ResultMembers {
  return { part, Sid: sid, change, added, removed };
}

function viewChange({ sid, part, change, added, removed }: PolicyChange): readonly string[] {
  const subject = part === 'policy' ? 'policy' : `statement ${sid ?? '(no Sid)'}`;
  return [
    `${subject}: ${change}`,
    ...removed.map((fact) => `  - ${fact}`),
    ...added.map((fact) => `  + ${fact}`),
  ];
}
