import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EcrpError } from '../../../errors.ts';
import type { Outcome } from '../../output.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

/** Prints the script that a shell reads to complete commands of ecrp. */
export async function printScript(shell: Shell): Promise<Outcome> {
  const script = await readFile(findScript(shell), 'utf8');
  return { view: script.trimEnd().split('\n'), isAlwaysText: true };
}

/** Beside the bundle in dist/, or from the sources. Throws INTERNAL if it is missing, as after an incomplete installation. */
function findScript(shell: Shell): string {
  const name = join('bin', 'completion', `ecrp.${shell}`);
  const places = ['..', '../../../..'].map((root) => join(import.meta.dirname, root, name));
  const found = places.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new EcrpError('INTERNAL', `${name}: this file of ecrp is missing`, { hint: 'Install ecrp again.' });
}
