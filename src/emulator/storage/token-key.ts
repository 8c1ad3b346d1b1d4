import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEY_BYTES = 32;

/**
 * Reads or creates the secret that signs the registry's tokens. It is random, because the default access keys are public, and kept in the data directory, so
 * that tokens outlive a restart. A key that other users could read is replaced. The directory must be locked.
 */
export function openTokenKey(directory: string): string {
  const path = join(directory, 'token-key');
  const kept = readKey(path);
  if (kept !== undefined) return kept;
  const key = randomBytes(KEY_BYTES).toString('hex');
  const temporary = `${path}.new`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, `${key}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(temporary, path);
  return key;
}

function readKey(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  // Windows has no such modes.
  if (stats === undefined || (process.platform !== 'win32' && (stats.mode & 0o077) !== 0)) return undefined;
  const text = readFileSync(path, 'latin1').trim();
  return text.length === 2 * KEY_BYTES && /^[0-9a-f]+$/.test(text) ? text : undefined;
}
