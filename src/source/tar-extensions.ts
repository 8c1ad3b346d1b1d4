import { invalidInput } from '../oci/json.ts';

/** What PAX records and GNU long names say about the entry that follows them. */
export interface TarOverrides {
  readonly name?: string;
  readonly linkName?: string;
  readonly size?: number;
}

/** Longest name or link target in bytes: PATH_MAX of Linux. */
const MAX_NAME_BYTES = 4096;

/** Longest data of one extension header in bytes; PAX records hold extended attributes, too. */
export const MAX_EXTENSION_BYTES = 1024 * 1024;

/** The error for an entry that is stored as a sparse file. */
export function refuseSparse(subject: string): Error {
  return invalidInput(subject, 'it is stored as a sparse file, which is not read', {
    hint: 'Write the archive again without `--sparse`.',
  });
}

/**
 * Reads the records of a PAX extended header (`LENGTH KEY=VALUE\n`, POSIX.1-2001) that matter for finding an entry. Throws
 * INVALID_INPUT for malformed ones and for sparse files.
 */
export function parsePaxRecords(bytes: Buffer, subject: string): TarOverrides {
  let name: string | undefined;
  let linkName: string | undefined;
  let size: number | undefined;
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
    if (key.startsWith('GNU.sparse.')) throw refuseSparse(subject);
    if (key === 'path') name = checkName(value, subject);
    if (key === 'linkpath') linkName = checkName(value, subject);
    if (key === 'size') size = parsePaxSize(value, subject);
    at = end;
  }
  return {
    ...(name !== undefined && { name }),
    ...(linkName !== undefined && { linkName }),
    ...(size !== undefined && { size }),
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
