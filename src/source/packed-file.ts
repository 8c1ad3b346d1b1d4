import { statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { type ByteFile, openByteFile, streamBytes } from './byte-file.ts';
import { canDecode } from './decoders.ts';
import type { ImageSource } from './image-source.ts';
import type { LayerIntake } from './layer-intake.ts';
import { type OpenSourceOptions, openTarSource } from './open-source.ts';
import { openArrivingSource } from './open-stream.ts';
import { detectFileType, MAGIC_BYTES } from './packing.ts';

/** Opens a file that is compressed as a whole; undefined for anything else, which `openSource` is to judge. */
export async function openPackedFile(path: string): Promise<ByteFile | undefined> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  const file = openByteFile(path, { followLinks: true });
  if (canDecode(detectFileType(await file.read(0, MAGIC_BYTES)))) return file;
  file.close();
  return undefined;
}

/**
 * Opens a compressed tar while giving its layers to `intake`, as `openArrivingSource` does; but as a file can be read again,
 * it is unpacked into a temporary file, and `onReread` told, when the service loses bytes that have gone by. The file is
 * closed in any case.
 */
export async function openArrivingFile(
  file: ByteFile,
  intake: LayerIntake,
  options: OpenSourceOptions,
  onReread: () => void,
): Promise<ImageSource> {
  let isTaken = false;
  try {
    const stream = Readable.from(streamBytes(file, 0, file.size, file.path));
    return await openArrivingSource(stream, file.path, intake, options);
  } catch (error) {
    if (!intake.lostBytes) throw error;
    onReread();
    isTaken = true;
    return await openTarSource(file, options, intake.sent);
  } finally {
    if (!isTaken) file.close();
  }
}
