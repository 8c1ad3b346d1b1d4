import { mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { formatCatalogDirectory, formatCatalogFile } from '../../../catalog/write-catalog.ts';
import { writeOutputFile } from '../../../files/output-file.ts';
import type { CatalogDataInput } from '../../../wire/operations.ts';
import type { CommandContext } from '../../command-context.ts';
import { explainUnwritable } from '../../unwritable-output.ts';

/**
 * Writes catalog data where `--output` says: into a directory, which is made if it is missing, or into one file. Returns the paths, as
 * the user wrote the first part. Throws INVALID_INPUT for what cannot be written.
 */
export async function exportCatalog(
  { io }: CommandContext,
  data: CatalogDataInput,
  output: string,
): Promise<readonly string[]> {
  const place = resolve(io.cwd, output);
  const write = async (path: string, action: () => Promise<unknown>): Promise<void> => {
    try {
      await action();
    } catch (cause) {
      io.signal.throwIfAborted();
      const named = { what: 'the file', option: '--output', path, fileName: 'catalog.json' };
      throw explainUnwritable(named, cause);
    }
  };
  if (await isFile(output, place)) {
    const content = formatCatalogFile(data, output);
    await write(output, () => writeOutputFile(place, content, { signal: io.signal }));
    return [output];
  }
  await write(output, () => mkdir(place, { recursive: true }));
  const files = formatCatalogDirectory(data);
  for (const { name, content } of files) {
    await write(join(output, name), () => writeOutputFile(join(place, name), content));
  }
  return files.map(({ name }) => join(output, name));
}

/** A path that exists is what it is. A missing one is a file if its name ends like a catalog file's. */
async function isFile(given: string, path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  if (stats !== undefined) return !stats.isDirectory();
  return /\.(json|ya?ml)$/i.test(given);
}
