import { EcrpError } from '../errors.ts';
import { quoteText } from '../foreign-text.ts';
import { isObject } from '../json.ts';
import { MAX_RESOURCE_TAGS } from '../wire/limits.ts';
import type { ResourceTag } from '../wire/operations.ts';
import { checkLength, checkMembers, describeKind, expectText, type Findings } from './findings.ts';

const MAX_KEY_CHARS = 128;
const MAX_VALUE_CHARS = 256;

/** Reads `tags`: a list of {Key, Value} as in the API, or a map from key to value. A missing value is an empty one. */
export function readResourceTags(value: unknown, findings: Findings): ResourceTag[] {
  if (value === undefined) return [];
  const tags = Array.isArray(value)
    ? value.flatMap((tag: unknown, index) => readListedTag(tag, `tags[${index}]`, findings))
    : readTagMap(value, findings);
  if (tags.length > MAX_RESOURCE_TAGS) {
    findings.problems.push(`tags has ${tags.length} entries; ${MAX_RESOURCE_TAGS} are allowed`);
  }
  const keys = new Set<string>();
  for (const { Key } of tags) {
    if (keys.has(Key)) findings.problems.push(`tags has the key ${JSON.stringify(Key)} twice`);
    keys.add(Key);
  }
  return tags;
}

/**
 * Parses `KEY=VALUE`, split at the first `=`. Throws USAGE for a text of another form, a tag that the service refuses, and a key
 * that is there twice.
 */
export function parseResourceTags(texts: readonly string[]): {
  readonly tags: readonly ResourceTag[];
  /** Sentences about characters that the service may refuse. */
  readonly warnings: readonly string[];
} {
  const findings: Findings = { problems: [], warnings: [] };
  const tags = texts.map((text) => parseTag(text, findings));
  assertTags(findings);
  const double = tags.find(({ Key }, index) => tags.findIndex((tag) => tag.Key === Key) !== index);
  if (double === undefined) return { tags, warnings: findings.warnings };
  throw new EcrpError('USAGE', `the resource tag ${double.Key} is given twice`, {
    hint: 'Give one tag for each key.',
  });
}

function parseTag(text: string, findings: Findings): ResourceTag {
  const split = text.indexOf('=');
  if (split < 1) {
    throw new EcrpError('USAGE', `resource tag ${JSON.stringify(text)} is not of the form KEY=VALUE`, {
      hint: 'Write it like team=tools. A tag may have an empty value: team=',
    });
  }
  const tag = { Key: text.slice(0, split), Value: text.slice(split + 1) };
  return checkTag(tag, `resource tag ${quoteText(tag.Key)}`, findings);
}

/** Throws USAGE for a key that no resource tag can have. */
export function assertTagKey(key: string): void {
  const findings: Findings = { problems: [], warnings: [] };
  checkTag({ Key: key, Value: '' }, `resource tag ${quoteText(key)}`, findings);
  assertTags(findings);
}

function assertTags({ problems }: Findings): void {
  if (problems.length === 0) return;
  throw new EcrpError('USAGE', problems.join('; '), {
    hint: `Use a key of 1 to ${MAX_KEY_CHARS} characters that does not begin with aws:, and a value of at most ${MAX_VALUE_CHARS}.`,
  });
}

function readListedTag(tag: unknown, where: string, findings: Findings): ResourceTag[] {
  if (!isObject(tag)) {
    findings.problems.push(`${where} must be an object with Key and Value, not ${describeKind(tag)}`);
    return [];
  }
  checkMembers(tag, ['Key', 'Value'], `${where}.`, findings);
  const key = expectText(tag.Key, `${where}.Key`, findings);
  const value = expectText(tag.Value, `${where}.Value`, findings);
  if (tag.Key === undefined) findings.problems.push(`${where} has no Key`);
  if (key === undefined) return [];
  return [checkTag({ Key: key, Value: value ?? '' }, where, findings)];
}

function readTagMap(value: unknown, findings: Findings): ResourceTag[] {
  if (!isObject(value)) {
    findings.problems.push(`tags must be a list of {Key, Value} or a map, not ${describeKind(value)}`);
    return [];
  }
  return Object.entries(value).flatMap(([Key, entry]) => {
    const Value = expectText(entry, `tags.${Key}`, findings);
    return Value === undefined ? [] : [checkTag({ Key, Value }, `tags.${Key}`, findings)];
  });
}

/** Checks the rules of "Tag restrictions" in the Amazon ECR Public user guide. */
function checkTag(tag: ResourceTag, where: string, { problems, warnings }: Findings): ResourceTag {
  if (tag.Key === '') problems.push(`${where} has an empty key`);
  checkLength(tag.Key, MAX_KEY_CHARS, `${where}: the key`, { problems, warnings });
  checkLength(tag.Value, MAX_VALUE_CHARS, `${where}: the value`, { problems, warnings });
  if (/^aws:/i.test(tag.Key)) problems.push(`${where}: keys that begin with aws: are reserved for AWS`);
  // The guide calls these "generally allowed", so the service decides about others.
  const unusual = /[^\p{L}\p{N}\p{Zs}+\-=._:/@]/u.exec(tag.Key + tag.Value)?.[0];
  if (unusual) warnings.push(`${where}: AWS may refuse the character ${JSON.stringify(unusual)} in a tag`);
  return tag;
}
