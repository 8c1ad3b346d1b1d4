import type { LifecyclePolicy } from '../../../ecr/private/lifecycle-policies.ts';
import { formatJsonLines } from '../../../foreign-text.ts';
import { compareLifecycles, type LifecycleChange } from '../../../policy/lifecycle/compare-lifecycles.ts';
import { type ParsedLifecycle, parseLifecycle } from '../../../policy/lifecycle/lifecycle-text.ts';
import type { CommandContext } from '../../command-context.ts';
import { formatTime } from '../../format.ts';
import type { JsonValue, Outcome, ResultMembers } from '../../output.ts';

/** Outcome of `lifecycle get`: the policy as JSON, with and without `--json`. */
export function viewLifecycle({ messages }: CommandContext, found: LifecyclePolicy): Outcome {
  const policy = parseLifecycle(found.lifecyclePolicyText);
  if (policy === undefined)
    messages.warn('The lifecycle policy is not JSON with rules. It is shown as the service says it.');
  if (found.lastEvaluatedAt !== undefined)
    messages.note(`The service last applied it at ${formatTime(found.lastEvaluatedAt.getTime())} UTC.`);
  return {
    result: listLifecycleMembers(found, policy),
    view: policy === undefined ? found.lifecyclePolicyText.split('\n') : formatJsonLines(policy),
  };
}

/** A lifecycle policy before and after a command. The same object if the command changed nothing. */
export interface ChangedLifecycle {
  /** Undefined: there was none. `unread`: the caller may set a policy, but not read it. */
  readonly before: LifecyclePolicy | 'unread' | undefined;
  readonly after: LifecyclePolicy | undefined;
}

/**
 * Outcome of a command that may change a lifecycle policy: what changed, rule by rule.
 * @param unchanged A sentence that says why nothing was changed.
 */
export function reportLifecycleChange(
  { messages }: CommandContext,
  name: string,
  { before, after }: ChangedLifecycle,
  unchanged: string,
): Outcome {
  const policy = after && parseLifecycle(after.lifecyclePolicyText);
  if (before === 'unread') {
    messages.note(`Set the lifecycle policy of ${name}. These credentials may not read the one before.`);
    return { result: after && listLifecycleMembers(after, policy), view: '' };
  }
  const status = findStatus(before, after);
  messages.note(status === 'unchanged' ? `${unchanged} Nothing was changed.` : describe[status](name));
  const { registryId, repositoryName } = after ?? before ?? {};
  const members = after === undefined ? { registryId, repositoryName } : listLifecycleMembers(after, policy);
  const changes = compareLifecycles(before && parseLifecycle(before.lifecyclePolicyText), policy);
  return {
    result: { ...members, status, changes: changes.map(describeRuleChange) },
    view: changes.flatMap(viewRuleChange),
  };
}

const describe = {
  created: (name: string) => `Set the lifecycle policy of ${name}. The service applies it within 24 hours.`,
  changed: (name: string) =>
    `Changed the lifecycle policy of ${name}. The service applies it within 24 hours.`,
  deleted: (name: string) => `Deleted the lifecycle policy of ${name}.`,
} as const;

function findStatus(
  before: LifecyclePolicy | undefined,
  after: LifecyclePolicy | undefined,
): keyof typeof describe | 'unchanged' {
  if (before === after) return 'unchanged';
  if (before === undefined) return 'created';
  return after === undefined ? 'deleted' : 'changed';
}

function listLifecycleMembers(
  { registryId, repositoryName, lifecyclePolicyText, lastEvaluatedAt }: LifecyclePolicy,
  policy: ParsedLifecycle | undefined,
): ResultMembers {
  return {
    registryId,
    repositoryName,
    lifecyclePolicyText,
    // What JSON.parse gave is JSON.
    lifecyclePolicy: policy as JsonValue | undefined,
    lastEvaluatedAt: lastEvaluatedAt?.toISOString(),
  };
}

function describeRuleChange({ rulePriority, change, added, removed }: LifecycleChange): ResultMembers {
  return { rulePriority, change, added, removed };
}

function viewRuleChange({ rulePriority, change, added, removed }: LifecycleChange): readonly string[] {
  return [
    `rule ${rulePriority ?? '(no priority)'}: ${change}`,
    ...removed.map((fact) => `  - ${fact}`),
    ...added.map((fact) => `  + ${fact}`),
  ];
}
