import { isObject, type JsonObject } from '../../json.ts';
import { compareFacts, type Fact, type FactChange, formatFactValue, makeFact } from '../facts.ts';
import type { ParsedLifecycle } from './lifecycle-text.ts';

/** What differs in one rule. Each fact is a line such as `selection.countNumber 30`. */
export interface LifecycleChange extends FactChange {
  /** Absent for a rule without one, which the service does not accept. */
  readonly rulePriority?: number | undefined;
}

/**
 * Compares two lifecycle policies by meaning, rule by rule in the order of their priorities. The order of rules, members and lists does not
 * matter, nor does the storage class `standard`, which is the default.
 */
export function compareLifecycles(
  before: ParsedLifecycle | undefined,
  after: ParsedLifecycle | undefined,
): readonly LifecycleChange[] {
  const [old, young] = [indexRules(before), indexRules(after)];
  const priorities = [...new Set([...old.keys(), ...young.keys()])].sort((a, b) => a - b);
  return priorities.flatMap((priority) => {
    const change = compareFacts(readRuleFacts(old.get(priority)), readRuleFacts(young.get(priority)));
    if (change === undefined) return [];
    return [Number.isNaN(priority) ? change : { ...change, rulePriority: priority }];
  });
}

/** Rules by priority. Those that share one are compared together: NaN stands for none. */
function indexRules(policy: ParsedLifecycle | undefined): ReadonlyMap<number, readonly JsonObject[]> {
  const rules = new Map<number, JsonObject[]>();
  for (const rule of policy?.rules ?? []) {
    const { rulePriority } = rule;
    const priority = typeof rulePriority === 'number' ? rulePriority : Number.NaN;
    rules.set(priority, [...(rules.get(priority) ?? []), rule]);
  }
  return rules;
}

function readRuleFacts(rules: readonly JsonObject[] | undefined): ReadonlyMap<string, string> | undefined {
  if (rules === undefined) return undefined;
  return new Map(rules.flatMap(({ rulePriority: _, ...rule }) => listRuleFacts('', rule)));
}

function listRuleFacts(path: string, value: unknown): readonly Fact[] {
  if (isObject(value)) {
    return Object.entries(value).flatMap(([name, member]) =>
      listRuleFacts(path === '' ? name : `${path}.${name}`, member),
    );
  }
  if (path === 'selection.storageClass' && value === 'standard') return [];
  if (Array.isArray(value)) return value.map((each) => makeFact(path, formatFactValue(each)));
  return [makeFact(path, formatFactValue(value))];
}
