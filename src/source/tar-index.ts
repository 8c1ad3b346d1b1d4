import type { ByteFile } from './byte-file.ts';
import { readImageEntries } from './image-entries.ts';
import type { TarEntry } from './tar-entries.ts';

/** Lists the entries of a tar file in their order; see `readImageEntries`. */
export async function indexTar(file: ByteFile, signal?: AbortSignal): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  const input = {
    path: file.path,
    size: file.size,
    read: (position: number, length: number) => file.read(position, length),
    skipTo: async (position: number) => Math.min(position, file.size),
  };
  for await (const entry of readImageEntries(input, signal)) entries.push(entry);
  return entries;
}
