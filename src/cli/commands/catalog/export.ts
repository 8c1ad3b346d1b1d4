import { mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { formatCatalogDirectory, formatCatalogFile } from '../../../catalog/write-catalog.ts';
import { writeOutputFile } from '../../../files/output-file.ts';
import type { CatalogDataInput } from '../../../wire/operations.ts';
import type { CommandContext } from '../../command-context.ts';
import { explainUnwritable } from '../../unwritable-output.ts';

/**
 * Writes catalog data where `--output` says: into a directory, which is made if only itself is missing, or into one file. Returns the
 * paths, which begin as the user wrote them. Throws INVALID_INPUT for what cannot be written.
 */
export async function exportCatalog(
  { io }: CommandContext,
  data: CatalogDataInput,
  output: string,
): Promise<readonly string[]> {
  const place = resolve(io.cwd, output);
  const write = async (what: string, path: string, action: () => Promise<unknown>): Promise<void> => {
    try {
      await action();
    } catch (cause) {
      io.signal.throwIfAborted();
      throw explainUnwritable({ what, option: '--output', path, fileName: 'catalog.json' }, cause);
    }
  };
  const kind = await findKind(place);
  if (kind === 'file') {
    const content = formatCatalogFile(data, output);
    await write('the file', output, () => writeOutputFile(place, content, { signal: io.signal }));
    return [output];
  }
  // Not with all its parents: a name with a slip would make some, and in /proc Node's recursive mkdir never ends.
  if (kind === 'missing') await write('the directory', output, () => mkdir(place));
  const files = formatCatalogDirectory(data);
  for (const { name, content } of files) {
    await write('the file', join(output, name), () => writeOutputFile(join(place, name), content));
  }
  return files.map(({ name }) => join(output, name));
}

/** A path that exists is what it is. A missing one is a file if its name ends like a catalog file's, else a directory to make. */
async function findKind(path: string): Promise<'file' | 'directory' | 'missing'> {
  const stats = await stat(path).catch(() => undefined);
  if (stats !== undefined) return stats.isDirectory() ? 'directory' : 'file';
  return /\.(json|ya?ml)$/i.test(path) ? 'file' : 'missing';
}
