import { MAX_LIFECYCLE_RULES } from '../../wire/private/service.ts';
import { isParsedObject, type ParsedObject, parseObject } from '../json.ts';

// Source of the form: user guide, "Lifecycle policy properties". Source of the texts: recorded errors of PutLifecyclePolicy, except where noted.

const NO_SCHEMA = 'instance failed to match exactly one schema (matched 0 out of 2)';

/** Finds the first problem of a lifecycle policy, in the service's words. Undefined for a valid policy. */
export function findLifecycleProblem(text: string): string | undefined {
  const document = parseObject(text);
  if (document === undefined) return 'Could not map policyString into LifecyclePolicy.';
  const rules: unknown = document.rules;
  if (!Array.isArray(rules) || rules.length === 0) {
    return 'object has missing required properties (["rules"])';
  }
  if (rules.length > MAX_LIFECYCLE_RULES) {
    return `array is too long: must have at most ${MAX_LIFECYCLE_RULES} elements but instance has ${rules.length} elements`;
  }
  if (!rules.every(isRule)) return NO_SCHEMA;
  return rules.map(findTagProblem).find((problem) => problem !== undefined) ?? findClash(rules);
}

interface Rule {
  readonly rulePriority: number;
  readonly selection: ParsedObject;
  readonly action: ParsedObject;
}

function isRule(rule: unknown): rule is Rule {
  if (!isParsedObject(rule) || !isCount(rule.rulePriority)) return false;
  if (rule.description !== undefined && typeof rule.description !== 'string') return false;
  return isSelection(rule.selection) && isLifecycleAction(rule.action);
}

const countTypes = ['imageCountMoreThan', 'sinceImagePushed', 'sinceImagePulled', 'sinceImageTransitioned'];

function isSelection(selection: unknown): boolean {
  if (!isParsedObject(selection)) return false;
  const { tagStatus, countType, countNumber, countUnit, tagPrefixList, tagPatternList } = selection;
  return (
    ['tagged', 'untagged', 'any'].includes(String(tagStatus)) &&
    countTypes.includes(String(countType)) &&
    isCount(countNumber) &&
    (countType === 'imageCountMoreThan' ? countUnit === undefined : countUnit === 'days') &&
    [tagPrefixList, tagPatternList].every((list) => list === undefined || isTextList(list))
  );
}

function isLifecycleAction(action: unknown): boolean {
  if (!isParsedObject(action)) return false;
  const { type, targetStorageClass } = action;
  return type === 'expire'
    ? targetStorageClass === undefined
    : type === 'transition' && targetStorageClass === 'archive';
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1;
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
}

function findTagProblem({ selection }: Rule): string | undefined {
  const { tagStatus, tagPrefixList, tagPatternList } = selection;
  const given = [tagPrefixList, tagPatternList].filter((list) => list !== undefined);
  if (tagStatus === 'tagged' && given.length === 0) {
    return 'Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED.';
  }
  return tagStatus !== 'tagged' && given.length > 0 ? NO_SCHEMA : undefined;
}

/** Finds rules that exclude each other. The text about priorities is not recorded. */
function findClash(rules: readonly Rule[]): string | undefined {
  const priorities = rules.map(({ rulePriority }) => rulePriority);
  if (new Set(priorities).size < priorities.length) return 'Priorities must be unique.';
  for (const storageClass of new Set(rules.map(readStorageClass))) {
    const among = rules.filter((rule) => readStorageClass(rule) === storageClass);
    const untagged = among.filter(({ selection }) => selection.tagStatus === 'untagged');
    if (untagged.length > 1) return 'Only one rule can select Untagged images per storage class.';
    const any = among.filter(({ selection }) => selection.tagStatus === 'any');
    const last = Math.max(...among.map(({ rulePriority }) => rulePriority));
    if (any.some(({ rulePriority }) => rulePriority !== last)) {
      return 'Rule for tagStatus=ANY must have the lowest priority per storage class';
    }
  }
  return undefined;
}

/** A rule selects images of the standard class, unless it names another. */
function readStorageClass({ selection }: Rule): string {
  return String(selection.storageClass ?? 'standard');
}
