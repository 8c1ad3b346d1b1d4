import { EcrpError } from '../errors.ts';
import { askLine, isTerminal } from './ask-line.ts';
import type { CommandContext } from './command-context.ts';

/**
 * Asks before something is destroyed; anything but yes is no. Throws USAGE when there is nobody to ask, and when
 * the answer is no. `what` is the deed as a noun, for errors.
 */
export async function confirm(context: CommandContext, question: string, what: string): Promise<void> {
  if (!isTerminal(context)) {
    throw new EcrpError('USAGE', `${what} needs --yes when there is no terminal to ask on`, {
      hint: 'Give --yes when you are sure; nothing was changed.',
    });
  }
  const answer = await askLine(context, `${question} [y/N] `);
  if (answer !== undefined && /^y(es)?$/i.test(answer.trim())) return;
  throw new EcrpError('USAGE', `${what} was not confirmed; nothing was changed`);
}
