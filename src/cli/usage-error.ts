import type { CommanderError } from 'commander';
import { EcrpError } from '../errors.ts';

/** Turns what commander says about a wrong command line into a USAGE error; its guesses become the hint. */
export function toUsageError(error: CommanderError, commandPath: string): EcrpError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const guess = rest
    .join(' ')
    .trim()
    .replace(/^\((.*)\)$/, '$1');
  const help = `'${commandPath} --help' shows what can be given.`;
  return new EcrpError('USAGE', first, { hint: guess === '' ? help : `${guess} ${help}` });
}
