import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { locateFound } from './archives.ts';
import type { TarItem } from './images.ts';

/** Reads the files and links below a folder of an input found in the wild. */
export async function listFound(name: string, folder = ''): Promise<readonly TarItem[]> {
  const items: TarItem[] = [];
  const prefix = folder === '' ? '' : `${folder}/`;
  for await (const entry of Readable.from([await readFile(locateFound(name))]).pipe(extract())) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(Buffer.from(chunk as Uint8Array));
    const { name: path, type, linkname } = entry.header;
    if (!path.startsWith(prefix) || type === 'directory') continue;
    const item = { name: path.slice(prefix.length) };
    items.push(
      type === 'symlink' && linkname
        ? { ...item, symlink: linkname }
        : { ...item, content: Buffer.concat(chunks) },
    );
  }
  return items;
}

/** Writes files and links below a directory that it makes. */
export async function writeItems(directory: string, items: readonly TarItem[]): Promise<void> {
  for (const { name, content, symlink: target } of items) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    if (target === undefined) await writeFile(path, content ?? Buffer.alloc(0));
    else await symlink(target, path);
  }
}
