import {
  MAX_ABOUT_CHARS,
  MAX_CATALOG_ENTRY_CHARS,
  MAX_CATALOG_LIST,
  MAX_DESCRIPTION_CHARS,
  MAX_USAGE_CHARS,
} from '../wire/limits.ts';
import { type BadgeKind, explainMissingBadge } from './badges.ts';
import type { CatalogData } from './catalog-file.ts';
import { readCatalogText } from './catalog-texts.ts';
import { checkLength, describeValue, expectText, type JsonObject, type Reading } from './findings.ts';
import { readLogo } from './logo.ts';
import { checkMembers } from './unknown-members.ts';

export const CATALOG_MEMBERS: readonly string[] = [
  'description',
  'architectures',
  'operatingSystems',
  'logoImageBlob',
  'logo',
  'aboutText',
  'aboutFile',
  'usageText',
  'usageFile',
];

const ABOUT = { text: 'aboutText', file: 'aboutFile', maxChars: MAX_ABOUT_CHARS };
const USAGE = { text: 'usageText', file: 'usageFile', maxChars: MAX_USAGE_CHARS };

/**
 * Reads catalog data with the files it names; what is wrong goes to `reading`.
 *
 * `prefix` stands before the members' names in sentences: empty, or `catalogData.`.
 */
export async function readCatalogData(
  object: JsonObject,
  prefix: string,
  reading: Reading,
): Promise<CatalogData> {
  checkMembers(object, CATALOG_MEMBERS, prefix, reading);
  const description = expectText(object.description, `${prefix}description`, reading);
  if (description !== undefined) {
    checkLength(description, MAX_DESCRIPTION_CHARS, `${prefix}description`, reading);
  }
  const architectures = readNames(object, 'architectures', prefix, reading);
  const operatingSystems = readNames(object, 'operatingSystems', prefix, reading);
  const logoImageBlob = await readLogo(object, prefix, reading);
  const aboutText = await readCatalogText(object, ABOUT, prefix, reading);
  const usageText = await readCatalogText(object, USAGE, prefix, reading);
  return {
    ...(description !== undefined && { description }),
    ...(architectures !== undefined && { architectures }),
    ...(operatingSystems !== undefined && { operatingSystems }),
    ...(logoImageBlob !== undefined && { logoImageBlob }),
    ...(aboutText !== undefined && { aboutText }),
    ...(usageText !== undefined && { usageText }),
  };
}

function readNames(
  object: JsonObject,
  kind: BadgeKind,
  prefix: string,
  reading: Reading,
): string[] | undefined {
  const value = object[kind];
  const where = prefix + kind;
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    const remedy = typeof value === 'string' ? `; write [${JSON.stringify(value)}]` : '';
    reading.problems.push(`${where} must be a list, not ${describeValue(value)}${remedy}`);
    return undefined;
  }
  if (value.length > MAX_CATALOG_LIST) {
    reading.problems.push(`${where} has ${value.length} entries; ${MAX_CATALOG_LIST} are allowed`);
  }
  return value.flatMap((entry: unknown, index) => readName(entry, kind, `${where}[${index}]`, reading));
}

function readName(entry: unknown, kind: BadgeKind, where: string, reading: Reading): string[] {
  const name = expectText(entry, where, reading);
  if (name === undefined) return [];
  if (name === '') reading.problems.push(`${where} is empty`);
  checkLength(name, MAX_CATALOG_ENTRY_CHARS, where, reading);
  const warning = explainMissingBadge(kind, name);
  if (warning !== undefined && name !== '') reading.warnings.push(`${where}: ${warning}`);
  return [name];
}
