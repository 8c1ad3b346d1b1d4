import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const { directory } = createRequire(import.meta.url)('../../bin/code-cache.js');

/**
 * Writes V8's code cache of the chunks in dist/ beside them. Of a chunk that a push loads, it has the functions that a push calls; of others,
 * those that some commands call. So it runs commands, on an emulator.
 * Throws if one fails.
 */
export function makeCodeCache() {
  const home = mkdtempSync(join(tmpdir(), 'ecrp-code-cache-'));
  const commands = ['--', process.execPath, join(import.meta.dirname, 'run-commands.js')];
  try {
    const argv = [join(root, 'bin/ecrp.js'), 'emulator', '--port', '0', '--private-port', '0'];
    // The programs would load from the place of the cache. They get it when all have ended.
    const made = join(home, 'made');
    const env = { PATH: process.env.PATH, HOME: home, ECRP_CODE_CACHE: made };
    const { status, stderr } = spawnSync(process.execPath, [...argv, ...commands], { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`code cache: the commands ended with status ${status}\n${stderr}`);
    cpSync(made, directory, { recursive: true });
  } finally {
    rmSync(home, { recursive: true });
  }
}
