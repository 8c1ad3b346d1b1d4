import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** A user and group that passwd does not know, as with `docker run --user 54321`. */
export const OTHER_ID = 54_321;

const program = join(import.meta.dirname, '..', '..', 'bin', 'ecrp.js');

/** False without root, and where another user may run neither this Node nor the program, e.g. in a checkout below /root. */
export function canRunAsOther(): boolean {
  const identity = { uid: OTHER_ID, gid: OTHER_ID };
  return process.getuid?.() === 0 && spawnSync(process.execPath, [program, 'version'], identity).status === 0;
}
