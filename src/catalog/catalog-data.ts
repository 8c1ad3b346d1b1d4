import { resolve } from 'node:path';
import type { JsonObject } from '../json.ts';
import {
  MAX_ABOUT_CHARS,
  MAX_CATALOG_ENTRY_CHARS,
  MAX_CATALOG_LIST,
  MAX_DESCRIPTION_CHARS,
  MAX_USAGE_CHARS,
} from '../wire/limits.ts';
import type { CatalogDataInput } from '../wire/operations.ts';
import { type BadgeKind, explainMissingBadge } from './badges.ts';
import { type CatalogContext, checkLength, checkMembers, describeKind, expectText } from './findings.ts';
import { readLogo } from './logo.ts';
import { warnOfLineBreaks, warnOfMarkdown } from './markdown.ts';
import { decodeText, useNamedFile } from './read-file.ts';

/** What a catalog file may have: the members of the API, and those that name files instead. */
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
 * Reads catalog data with the files that it names. Adds problems to `context`.
 * @param prefix Stands before members' names in messages: empty, or `catalogData.`.
 */
export async function readCatalogData(
  object: JsonObject,
  prefix: string,
  context: CatalogContext,
): Promise<CatalogDataInput> {
  checkMembers(object, CATALOG_MEMBERS, prefix, context);
  const description = expectText(object.description, `${prefix}description`, context);
  if (description !== undefined) {
    checkLength(description, MAX_DESCRIPTION_CHARS, `${prefix}description`, context);
    warnOfLineBreaks(description, `${prefix}description`, context);
  }
  const architectures = readNames(object, 'architectures', prefix, context);
  const operatingSystems = readNames(object, 'operatingSystems', prefix, context);
  const logoImageBlob = await readLogo(object, prefix, context);
  const aboutText = await readCatalogText(object, ABOUT, prefix, context);
  const usageText = await readCatalogText(object, USAGE, prefix, context);
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
  context: CatalogContext,
): string[] | undefined {
  const value = object[kind];
  const where = prefix + kind;
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    const remedy = typeof value === 'string' ? `; write [${JSON.stringify(value)}]` : '';
    context.problems.push(`${where} must be a list, not ${describeKind(value)}${remedy}`);
    return undefined;
  }
  if (value.length > MAX_CATALOG_LIST) {
    context.problems.push(`${where} has ${value.length} entries; ${MAX_CATALOG_LIST} are allowed`);
  }
  return value.flatMap((entry: unknown, index) => readName(entry, kind, `${where}[${index}]`, context));
}

function readName(entry: unknown, kind: BadgeKind, where: string, context: CatalogContext): string[] {
  const name = expectText(entry, where, context);
  if (name === undefined) return [];
  if (name === '') context.problems.push(`${where} is empty`);
  checkLength(name, MAX_CATALOG_ENTRY_CHARS, where, context);
  const warning = explainMissingBadge(kind, name);
  if (warning !== undefined && name !== '') context.warnings.push(`${where}: ${warning}`);
  return [name];
}

/** Text of the catalog data: its member in the API, the member that names a file instead, and its limit. */
interface TextMember {
  readonly text: string;
  readonly file: string;
  readonly maxChars: number;
}

/** Reads a text from the catalog file or from the file that it names, and checks it. */
async function readCatalogText(
  object: JsonObject,
  { text: textName, file: fileName, maxChars }: TextMember,
  prefix: string,
  context: CatalogContext,
): Promise<string | undefined> {
  const text = expectText(object[textName], prefix + textName, context);
  const path = expectText(object[fileName], prefix + fileName, context);
  if (text !== undefined && path !== undefined) {
    context.problems.push(`${prefix}${textName} and ${prefix}${fileName} are both given; give one of them`);
    return undefined;
  }
  if (path === undefined) {
    return text === undefined ? undefined : checkMarkdown(text, maxChars, prefix + textName, context);
  }
  const file = resolve(context.directory, path);
  const where = prefix + fileName;
  // Far more than the limit, so that the error for a longer text can name its length.
  const content = await useNamedFile(file, 40 * maxChars, where, context, decodeText);
  return content === undefined ? undefined : checkMarkdown(content, maxChars, `${where}: ${file}`, context);
}

/** Checks a text, and returns it. A text that is too long is not read: its end would not be sent. */
async function checkMarkdown(
  text: string,
  maxChars: number,
  where: string,
  context: CatalogContext,
): Promise<string> {
  if (checkLength(text, maxChars, where, context)) await warnOfMarkdown(text, where, context);
  return text;
}
