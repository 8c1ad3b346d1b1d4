import { invalidInput } from '../oci/json.ts';
import type { PaxSparse } from './sparse-map.ts';

/** What PAX records and GNU long names say about the entry that follows them. */
export interface TarOverrides {
  readonly name?: string;
  readonly linkName?: string;
  readonly size?: number;
  readonly sparse?: PaxSparse;
}

/** Longest name or link target in bytes: PATH_MAX of Linux. */
const MAX_NAME_BYTES = 4096;

/** Longest data of one extension header in bytes; PAX records hold extended attributes, too. */
export const MAX_EXTENSION_BYTES = 1024 * 1024;

/**
 * Reads the records of a PAX extended header (`LENGTH KEY=VALUE\n`, POSIX.1-2001) that matter for finding an entry. Throws
 * INVALID_INPUT for malformed ones.
 */
export function parsePaxRecords(bytes: Buffer, subject: string): TarOverrides {
  let name: string | undefined;
  let linkName: string | undefined;
  let size: number | undefined;
  const sparse: SparseRecords = { texts: new Map(), numbers: [] };
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const digits = space === -1 ? '' : bytes.toString('latin1', at, space);
    const length = /^[1-9][0-9]{0,9}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = bytes.indexOf(0x3d, space);
    if (length === 0 || end > bytes.length || bytes[end - 1] !== 0x0a || equals === -1 || equals >= end) {
      throw invalidInput(subject, 'its PAX header is malformed');
    }
    const key = bytes.toString('utf8', space + 1, equals);
    const value = bytes.toString('utf8', equals + 1, end - 1);
    if (key.startsWith('GNU.sparse.')) noteSparse(sparse, key.slice('GNU.sparse.'.length), value, subject);
    if (key === 'path') name = checkName(value, subject);
    if (key === 'linkpath') linkName = checkName(value, subject);
    if (key === 'size') size = parsePaxSize(value, subject);
    at = end;
  }
  return {
    ...(name !== undefined && { name }),
    ...(linkName !== undefined && { linkName }),
    ...(size !== undefined && { size }),
    ...(sparse.texts.size > 0 && { sparse: describeSparse(sparse) }),
  };
}

/** Records of a sparse file, by what follows `GNU.sparse.`; those of version 0.0 come once for each range. */
interface SparseRecords {
  readonly texts: Map<string, string>;
  numbers: string[];
}

function noteSparse(records: SparseRecords, key: string, value: string, subject: string): void {
  records.texts.set(key, key === 'name' ? checkName(value, subject) : value);
  if (key === 'offset' || key === 'numbytes') records.numbers.push(value);
  if (key === 'map') records.numbers = value === '' ? [] : value.split(',');
}

function describeSparse({ texts, numbers }: SparseRecords): PaxSparse {
  const [major, minor, name] = ['major', 'minor', 'name'].map((key) => texts.get(key));
  const size = texts.get('size') ?? texts.get('realsize');
  return {
    ...(major !== undefined && { version: `${major}.${minor ?? ''}` }),
    ...(name !== undefined && { name }),
    ...(size !== undefined && { size }),
    numbers,
  };
}

/** Reads the data of a GNU long name or long link entry: a text that ends in NUL. */
export function readLongText(bytes: Buffer, subject: string): string {
  const end = bytes.indexOf(0);
  return checkName(bytes.toString('utf8', 0, end === -1 ? bytes.length : end), subject);
}

function checkName(name: string, subject: string): string {
  if (name.length <= MAX_NAME_BYTES) return name;
  throw invalidInput(subject, `a name in its extension header is longer than ${MAX_NAME_BYTES} bytes`);
}

function parsePaxSize(value: string, subject: string): number {
  const size = /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(size)) {
    throw invalidInput(subject, `the size in its PAX header is ${JSON.stringify(value.slice(0, 40))}`);
  }
  return size;
}
