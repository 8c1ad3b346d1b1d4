import { statSync } from 'node:fs';
import { type ByteFile, openByteFile } from './byte-file.ts';
import { canDecode } from './decoders.ts';
import { detectFileType, MAGIC_BYTES } from './packing.ts';
import { describeFileError } from './read-error.ts';

/** Opens a file that is compressed as a whole; undefined for anything else, which `openSource` is to judge. */
export async function openPackedFile(path: string): Promise<ByteFile | undefined> {
  try {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  } catch (cause) {
    throw describeFileError(path, cause);
  }
  const file = openByteFile(path, { followLinks: true });
  let isPacked = false;
  try {
    isPacked = canDecode(detectFileType(await file.read(0, MAGIC_BYTES)));
  } finally {
    if (!isPacked) file.close();
  }
  return isPacked ? file : undefined;
}
