import { dirname, resolve } from 'node:path';
import { EcrpError } from '../errors.ts';
import { isObject, type JsonObject } from '../json.ts';
import { MAX_LOGO_BYTES } from '../wire/limits.ts';
import type { CatalogDataInput, ResourceTag } from '../wire/operations.ts';
import { CATALOG_MEMBERS, readCatalogData } from './catalog-data.ts';
import { type CatalogContext, checkMembers, describeKind, expectText } from './findings.ts';
import { parseCatalogDocument } from './parse-document.ts';
import { decodeText, readBounded, UnreadableFile } from './read-file.ts';
import { readResourceTags } from './resource-tags.ts';

/** Catalog file with everything that it refers to. */
export interface CatalogFile {
  /** Path as the user wrote it. */
  readonly path: string;
  /** Only in a file that is a whole input of CreateRepository. Its grammar is not checked here. */
  readonly repositoryName?: string;
  readonly catalogData: CatalogDataInput;
  readonly tags: readonly ResourceTag[];
  /** Sentences about values that are valid but will not look as expected. */
  readonly warnings: readonly string[];
}

/** Longest catalog file, in bytes: three times a logo in base64. */
const MAX_FILE_BYTES = 4 * MAX_LOGO_BYTES;

/** Result of a check. `file` lacks the members that have problems. */
export interface CheckedCatalogFile {
  readonly file: CatalogFile;
  readonly problems: readonly string[];
  /** True if nothing of the file could be read, e.g. because it is a directory. */
  readonly isUnreadable: boolean;
}

/**
 * Loads a catalog file and the files that it refers to. It holds the catalog data or the whole input of CreateRepository, as JSON or
 * YAML. Throws one INVALID_INPUT that lists all problems.
 * @param path Relative to `directory`. Paths in the file are relative to the file.
 */
export async function loadCatalogFile(path: string, directory = '.'): Promise<CatalogFile> {
  const { file, problems, isUnreadable } = await checkCatalogFile(path, directory);
  const hint = isUnreadable
    ? 'Give a JSON or YAML file in UTF-8 that you may read; nothing was sent.'
    : 'Correct the file and run the command again; nothing was sent.';
  refuseProblems(`catalog file ${path}`, problems, hint);
  return file;
}

/**
 * Reads catalog data whose members were given one by one, named as in a catalog file. Throws one INVALID_INPUT that lists all problems.
 * @param directory What paths in it are relative to.
 */
export async function loadCatalogFields(
  object: JsonObject,
  directory: string,
): Promise<Pick<CatalogFile, 'catalogData' | 'warnings'>> {
  const context: CatalogContext = { problems: [], warnings: [], directory };
  const catalogData = await readCatalogData(object, '', context);
  refuseProblems(
    'the catalog data',
    context.problems,
    'Correct it and run the command again; nothing was sent.',
  );
  return { catalogData, warnings: context.warnings };
}

/** Throws INVALID_INPUT if there are problems. */
function refuseProblems(what: string, problems: readonly string[], hint: string): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  const isOne = others.length === 0;
  const message = `${what}${isOne ? `: ${first}` : ` has ${problems.length} problems:`}`;
  throw new EcrpError('INVALID_INPUT', message, { items: isOne ? [] : problems, hint });
}

/** Checks a catalog file and never throws: an unreadable file is a problem as well. */
export async function checkCatalogFile(path: string, directory = '.'): Promise<CheckedCatalogFile> {
  const absolute = resolve(directory, path);
  const context: CatalogContext = { problems: [], warnings: [], directory: dirname(absolute) };
  let isUnreadable = false;
  const content = await readDocument(absolute, context).catch((error: unknown) => {
    if (!(error instanceof UnreadableFile)) throw error;
    context.problems.push(`it ${error.message}`);
    isUnreadable = true;
    return undefined;
  });
  const parts = content === undefined ? { catalogData: {}, tags: [] } : await readParts(content, context);
  return { file: { path, ...parts, warnings: context.warnings }, problems: context.problems, isUnreadable };
}

type Parts = Pick<CatalogFile, 'repositoryName' | 'catalogData' | 'tags'>;

/** Throws `UnreadableFile`. */
async function readDocument(path: string, { problems }: CatalogContext): Promise<JsonObject | undefined> {
  const document = parseCatalogDocument(decodeText(await readBounded(path, MAX_FILE_BYTES)), path);
  if ('faults' in document) {
    problems.push(...document.faults);
    return undefined;
  }
  if (isObject(document.value)) return document.value;
  problems.push(`it must hold an object, not ${describeKind(document.value)}`);
  return undefined;
}

const INPUT_MEMBERS = ['repositoryName', 'catalogData', 'tags'];

async function readParts(content: JsonObject, context: CatalogContext): Promise<Parts> {
  if (!INPUT_MEMBERS.some((name) => name in content)) {
    return { catalogData: await readCatalogData(content, '', context), tags: [] };
  }
  const repositoryName = expectText(content.repositoryName, 'repositoryName', context);
  if (repositoryName === '') context.problems.push('repositoryName is empty');
  const misplaced = Object.keys(content).filter((name) => CATALOG_MEMBERS.includes(name));
  for (const name of misplaced) context.problems.push(`${name} belongs in catalogData`);
  checkMembers(content, [...INPUT_MEMBERS, ...misplaced], '', context);
  return {
    ...(repositoryName !== undefined && { repositoryName }),
    catalogData: await readCatalogDataOf(content, context),
    tags: readResourceTags(content.tags, context),
  };
}

async function readCatalogDataOf(
  { catalogData = {} }: JsonObject,
  context: CatalogContext,
): Promise<CatalogDataInput> {
  if (isObject(catalogData)) return readCatalogData(catalogData, 'catalogData.', context);
  context.problems.push(`catalogData must be an object, not ${describeKind(catalogData)}`);
  return {};
}
