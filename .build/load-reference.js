import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'rolldown';

/** Loads reference/reference.ts, which imports the program from src/. Node 20 does not run TypeScript, so it is bundled first. */
export async function loadReference() {
  const directory = mkdtempSync(join(tmpdir(), 'ecrp-reference-'));
  try {
    const file = join(directory, 'reference.mjs');
    await build({
      input: join(import.meta.dirname, 'reference/reference.ts'),
      platform: 'node',
      // Only the declarations of the commands run here.
      external: (id) => !id.startsWith('.') && !isAbsolute(id) && id !== 'commander',
      output: {
        dir: directory,
        format: 'esm',
        entryFileNames: 'reference.mjs',
        chunkFileNames: '[name].mjs',
      },
    });
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
