import { isObject, type JsonObject } from '../../json.ts';
import { listTexts } from '../policy-text.ts';

/** What a rule says about its place among the others. */
interface PlacedRule {
  readonly priority: number;
  readonly storageClass: unknown;
  readonly tagStatus: unknown;
  /** Its prefixes or patterns, in an order of their own. Empty without any. */
  readonly tags: string;
}

/**
 * Finds rules of one storage class that exclude each other. Source: Amazon ECR user guide, "Automate the cleanup of images by using lifecycle
 * policies", and the messages of the service: "Only one rule can select Untagged images per storage class." and "Rule for tagStatus=ANY must
 * have the lowest priority per storage class".
 */
export function checkTogether(rules: readonly JsonObject[]): readonly string[] {
  const placed = rules.map(readPlace);
  return ['standard', 'archive'].flatMap((storageClass) => {
    const alike = placed.filter((rule) => rule.storageClass === storageClass);
    const among = storageClass === 'standard' ? '' : ` of the storage class ${storageClass}`;
    return [
      ...(alike.filter(({ tagStatus }) => tagStatus === 'untagged').length > 1
        ? [`only one rule${among} may select untagged images`]
        : []),
      ...listEarlyRules(alike).map(
        (priority) =>
          `the rule of priority ${priority} selects any image${among}: give it the highest rulePriority, because rules after it would select nothing`,
      ),
      ...listRepeatedTags(alike).map((tags) => `two rules${among} select the same tags: ${tags}`),
    ];
  });
}

function readPlace({ rulePriority, selection }: JsonObject): PlacedRule {
  const {
    storageClass = 'standard',
    tagStatus,
    tagPrefixList,
    tagPatternList,
  } = isObject(selection) ? selection : {};
  const prefixes = listTexts(tagPrefixList).map((prefix) => `${prefix}*`);
  return {
    priority: typeof rulePriority === 'number' ? rulePriority : 0,
    storageClass,
    tagStatus,
    tags: [...new Set([...prefixes, ...listTexts(tagPatternList)])].sort().join(', '),
  };
}

/** Lists the priorities of rules that select any image and are not the last. */
function listEarlyRules(rules: readonly PlacedRule[]): readonly number[] {
  const last = Math.max(...rules.map(({ priority }) => priority));
  return rules.flatMap(({ tagStatus, priority }) =>
    tagStatus === 'any' && priority < last ? [priority] : [],
  );
}

function listRepeatedTags(rules: readonly PlacedRule[]): readonly string[] {
  const tags = rules.flatMap((rule) => (rule.tagStatus === 'tagged' && rule.tags !== '' ? [rule.tags] : []));
  return [...new Set(tags.filter((each, at) => tags.indexOf(each) !== at))];
}
