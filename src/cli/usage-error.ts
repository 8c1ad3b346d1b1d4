import type { CommanderError } from 'commander';
import { EcrpError } from '../errors.ts';

const GUESS = /\n\((Did you mean [^\n]*\?)\)$/;

/** Turns what commander says about a wrong command line into a USAGE error; its guesses become the hint. */
export function toUsageError(error: CommanderError, commandPath: string): EcrpError {
  const text = error.message.replace(/^error: /, '');
  // A value that was given may hold line ends, so only commander's own line is a guess.
  const [line, guess] = GUESS.exec(text) ?? ['', ''];
  const help = `'${commandPath} --help' shows what can be given.`;
  const message = text.slice(0, text.length - line.length);
  return new EcrpError('USAGE', message, { hint: guess === '' ? help : `${guess} ${help}` });
}
