import { isObject, type JsonObject } from '../../json.ts';
import { listUnknownMembers } from '../unknown-members.ts';
import { checkSelection } from './check-selection.ts';
import { checkTogether } from './check-together.ts';
import {
  fitsLifecycle,
  isParsedLifecycle,
  MAX_LIFECYCLE_CHARS,
  type ParsedLifecycle,
} from './lifecycle-text.ts';

/** What a check found. The policy is absent if there is a problem. */
export interface CheckedLifecycle {
  readonly policy?: ParsedLifecycle;
  /** Reasons why the service would refuse it. */
  readonly problems: readonly string[];
  /** Parts that the service takes, but that hardly do what they are meant to do. */
  readonly warnings: readonly string[];
}

/** Source: "Amazon ECR service quotas", not adjustable. */
const MAX_LIFECYCLE_RULES = 50;
const RULE_MEMBERS = ['rulePriority', 'description', 'selection', 'action'];
const ACTION_MEMBERS = ['type', 'targetStorageClass'];
const ACTIONS: readonly unknown[] = ['expire', 'transition'];

/**
 * Checks the value of a lifecycle policy file as far as the service's documents say. Source: Amazon ECR user guide, "Lifecycle policy
 * properties" and "Automate the cleanup of images by using lifecycle policies".
 */
export function checkLifecycle(value: unknown): CheckedLifecycle {
  if (!isObject(value)) return refuse('it must hold a JSON object with a list of rules');
  if (value.rules === undefined) return refuse('it has no rules');
  if (!isParsedLifecycle(value)) return refuse('rules must be a list of objects');
  const { rules } = value;
  const findings = rules.map((rule, at) => checkRule(rule, nameRule(rule, at)));
  const problems = [
    ...listUnknownMembers(value, ['rules'], 'a lifecycle policy'),
    ...(rules.length === 0 ? ['rules is empty'] : []),
    ...(rules.length > MAX_LIFECYCLE_RULES
      ? [`it has ${rules.length} rules; ${MAX_LIFECYCLE_RULES} are allowed`]
      : []),
    ...findings.flatMap((each) => each.problems),
    ...listRepeatedPriorities(rules),
    ...checkTogether(rules),
    ...checkLength(value),
  ];
  const warnings = findings.flatMap((each) => each.warnings);
  return problems.length > 0 ? { problems, warnings } : { policy: value, problems, warnings };
}

function refuse(problem: string): CheckedLifecycle {
  return { problems: [problem], warnings: [] };
}

function nameRule({ rulePriority }: JsonObject, at: number): string {
  return typeof rulePriority === 'number' ? `the rule of priority ${rulePriority}` : `rule ${at + 1}`;
}

function checkRule(rule: JsonObject, where: string): CheckedLifecycle {
  const { rulePriority, description, selection, action } = rule;
  const chosen = isObject(selection) ? checkSelection(selection) : refuse('it has no selection, an object');
  const problems = [
    ...listUnknownMembers(rule, RULE_MEMBERS, 'a rule'),
    ...(isPositiveInteger(rulePriority) ? [] : ['rulePriority must be a whole number from 1']),
    ...(description === undefined || typeof description === 'string' ? [] : ['description must be text']),
    ...chosen.problems,
    ...checkAction(action),
  ];
  const about = (texts: readonly string[]) => texts.map((text) => `${where}: ${text}`);
  return {
    problems: about(problems),
    warnings: about([...chosen.warnings, ...checkPair(selection, action)]),
  };
}

function isPositiveInteger(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function checkAction(action: unknown): readonly string[] {
  if (!isObject(action)) return ['it has no action, an object'];
  const { type, targetStorageClass } = action;
  const needsClass = type === 'transition';
  return [
    ...listUnknownMembers(action, ACTION_MEMBERS, 'an action'),
    ...(ACTIONS.includes(type) ? [] : ['action.type must be "expire" or "transition"']),
    ...(needsClass && targetStorageClass !== 'archive'
      ? ['action.targetStorageClass must be "archive", because its type is "transition"']
      : []),
    ...(!needsClass && targetStorageClass !== undefined
      ? ['remove action.targetStorageClass: only the type "transition" has one']
      : []),
  ];
}

/** Pairs that the user guide leaves out: by pull time it only archives, and what is archived it only expires. */
function checkPair(selection: unknown, action: unknown): readonly string[] {
  if (!isObject(selection) || !isObject(action)) return [];
  const { countType } = selection;
  if (countType === 'sinceImagePulled' && action.type === 'expire') {
    return ['AWS documents sinceImagePulled for the action transition alone; the service may refuse it'];
  }
  if (countType === 'sinceImageTransitioned' && action.type === 'transition') {
    return ['AWS documents sinceImageTransitioned for the action expire alone; the service may refuse it'];
  }
  return [];
}

function listRepeatedPriorities(rules: readonly JsonObject[]): readonly string[] {
  const priorities = rules.flatMap(({ rulePriority }) =>
    typeof rulePriority === 'number' ? [rulePriority] : [],
  );
  const repeated = new Set(priorities.filter((each, at) => priorities.indexOf(each) !== at));
  return [...repeated].map((each) => `the rulePriority ${each} appears twice`);
}

/** Every valid policy is longer than the shortest allowed one. A policy that is too short has another problem. */
function checkLength(policy: ParsedLifecycle): readonly string[] {
  if (fitsLifecycle(JSON.stringify(policy))) return [];
  return [`it has more than ${MAX_LIFECYCLE_CHARS.toLocaleString('en-US')} characters even without spaces`];
}
