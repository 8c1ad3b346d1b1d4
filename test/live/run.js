// `npm run test:live`: bundles main.ts, because Node 20 runs no TypeScript, and runs it.

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'rolldown';

const root = join(import.meta.dirname, '../..');
process.chdir(root);
// Below node_modules, where the bundle finds the packages that it imports.
const directory = mkdtempSync(join(root, 'node_modules', '.ecrp-live-'));
try {
  const file = join(directory, 'main.mjs');
  await build({
    input: join(import.meta.dirname, 'main.ts'),
    external: (id) => !/^[./]/.test(id),
    platform: 'node',
    output: { file },
    logLevel: 'warn',
  });
  const { runLive } = await import(pathToFileURL(file).href);
  process.exitCode = await runLive(process.env);
} catch (error) {
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
