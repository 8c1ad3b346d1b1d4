import { createHash } from 'node:crypto';
import type { CatalogDataInput, RepositoryCatalogData, ResourceTag } from '../wire/operations.ts';

/** A value of catalog data. A logo is the digest of its bytes. */
export type CatalogValue = string | readonly string[];

/** What becomes of one field of catalog data, or of one resource tag. */
export interface CatalogChange {
  /** Name of the member in the API, or `tags.KEY`. */
  readonly field: string;
  readonly change: 'added' | 'changed' | 'removed';
  /** Absent if there is no value, or if a logo could not be fetched. */
  readonly before?: CatalogValue | undefined;
  readonly after?: CatalogValue | undefined;
}

/** Catalog data that the service has. */
export interface CurrentCatalog {
  readonly data: RepositoryCatalogData;
  /** Bytes of the logo. Absent if it was not fetched. */
  readonly logo?: Buffer | undefined;
}

const TEXTS = ['description', 'aboutText', 'usageText'] as const;
const LISTS = ['architectures', 'operatingSystems'] as const;

/**
 * Finds what putting `wanted` changes. An absent member changes nothing, an empty one removes. Compares by meaning: line ends, blank
 * ends of texts and the order of lists do not matter.
 */
export function findCatalogChanges(
  { data, logo }: CurrentCatalog,
  wanted: CatalogDataInput,
): readonly CatalogChange[] {
  const changes: CatalogChange[] = [];
  const note = (field: string, before: CatalogValue | undefined, after: CatalogValue | undefined): void => {
    const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
    changes.push({ field, change, before, after });
  };
  const noteText = (name: (typeof TEXTS)[number]): void => {
    const after = wanted[name];
    if (after === undefined || normalizeText(after) === normalizeText(data[name])) return;
    note(name, data[name] || undefined, after || undefined);
  };
  const noteList = (name: (typeof LISTS)[number]): void => {
    const after = wanted[name];
    if (after === undefined || isSameSet(after, data[name] ?? [])) return;
    note(name, dropEmpty(data[name]), dropEmpty(after));
  };
  noteText('description');
  for (const name of LISTS) noteList(name);
  const change = compareLogo({ data, logo }, wanted.logoImageBlob);
  if (change !== undefined) changes.push(change);
  noteText('aboutText');
  noteText('usageText');
  return changes;
}

/** Without the bytes of the current logo, any other one is a change. */
function compareLogo({ data, logo }: CurrentCatalog, wanted: Buffer | undefined): CatalogChange | undefined {
  const isPresent = Boolean(data.logoUrl);
  if (wanted === undefined || (wanted.length === 0 && !isPresent)) return undefined;
  if (logo?.equals(wanted)) return undefined;
  const before = logo && digestLogo(logo);
  if (wanted.length === 0) return { field: 'logoImageBlob', change: 'removed', before };
  return {
    field: 'logoImageBlob',
    change: isPresent ? 'changed' : 'added',
    before,
    after: digestLogo(wanted),
  };
}

/** Finds which of the wanted resource tags are new or have another value. Others stay. */
export function findTagChanges(
  current: readonly ResourceTag[],
  wanted: readonly ResourceTag[],
): readonly CatalogChange[] {
  const values = new Map(current.map(({ Key, Value }) => [Key, Value]));
  return wanted.flatMap(({ Key, Value }): CatalogChange[] => {
    const before = values.get(Key);
    if (before === Value) return [];
    const change = before === undefined ? 'added' : 'changed';
    return [{ field: `tags.${Key}`, change, before, after: Value }];
  });
}

/**
 * Merges what is wanted into all that is there, because it is put as a whole. Members that become empty stay, so that the service
 * clears them. `current` has the bytes of a logo that is to stay.
 */
export function mergeCatalogData({ data, logo }: CurrentCatalog, wanted: CatalogDataInput): CatalogDataInput {
  const { description, architectures, operatingSystems, aboutText, usageText } = data;
  const kept = { description, architectures, operatingSystems, logoImageBlob: logo, aboutText, usageText };
  const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
  const merged: CatalogDataInput = { ...kept, ...Object.fromEntries(given) };
  return merged;
}

function digestLogo(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Text as it is compared, and compared line by line: without a byte order mark, with `\n` between lines and none at the end. */
export function normalizeText(text = ''): string {
  return text
    .replace(/^\ufeff/, '')
    .replaceAll('\r\n', '\n')
    .trimEnd();
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  const [left, right] = [new Set(one), new Set(other)];
  return left.size === right.size && [...left].every((entry) => right.has(entry));
}

function dropEmpty(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}
