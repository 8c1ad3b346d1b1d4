import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { EcrpError } from '../../../errors.ts';
import type { Io } from '../../../io.ts';
import type { Outcome } from '../../output.ts';
import { type Candidate, findExpectedWords } from './candidates.ts';
import { type Cursor, findCursor } from './cursor.ts';

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

/** How a shell treats an answer: as values, as values that are not the end of a word, or it completes paths itself. */
type Directive = 'values' | 'nospace' | 'files';

/**
 * Answers a script of a shell: the first line is a `Directive`, and each further line a value that begins as the last of the words does,
 * a tab and its description. Never rejects: without an answer, there is nothing to suggest.
 */
export async function answerShell(program: Command, words: readonly string[], io: Io): Promise<string> {
  try {
    const cursor = findCursor(program, words);
    const expected = findExpectedWords(cursor);
    if ('words' in expected) return format('values', cursor, expected.words);
    if (expected.kind === 'file') return format('files', cursor, []);
    const { suggestNames } = await import('./suggest-names.ts');
    const names = await suggestNames(expected.kind, cursor, io);
    const directive = expected.kind === 'reference' ? 'nospace' : 'values';
    return format(
      directive,
      cursor,
      names.map((value) => ({ value })),
    );
  } catch {
    return 'values\n';
  }
}

function format(directive: Directive, { current, prefix }: Cursor, all: readonly Candidate[]): string {
  const lines = all
    // A name from outside could hold anything.
    .filter(({ value }) => value.startsWith(current) && !/\p{C}/u.test(value))
    .map(({ value, description }) => [`${prefix}${value}`, description].filter(Boolean).join('\t'));
  return `${[directive, ...lines].join('\n')}\n`;
}
