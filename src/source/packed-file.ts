import { statSync } from 'node:fs';
import { type ByteFile, openByteFile } from './byte-file.ts';
import { canDecode } from './decoders.ts';
import { detectFileType, MAGIC_BYTES } from './packing.ts';

/** Opens a file that is compressed as a whole; undefined for anything else, which `openSource` is to judge. */
export async function openPackedFile(path: string): Promise<ByteFile | undefined> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  const file = openByteFile(path, { followLinks: true });
  if (canDecode(detectFileType(await file.read(0, MAGIC_BYTES)))) return file;
  file.close();
  return undefined;
}
