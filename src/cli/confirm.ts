import { EcrpError } from '../errors.ts';
import { askLine, isTerminal } from './ask-line.ts';
import type { CommandContext } from './command-context.ts';
import type { Outcome } from './outcome.ts';

/**
 * Asks before something is destroyed; anything but yes is no. Throws USAGE when there is nobody to ask. `what` is the deed
 * as a noun, for errors.
 */
export async function confirm(context: CommandContext, question: string, what: string): Promise<boolean> {
  if (!isTerminal(context)) {
    throw new EcrpError('USAGE', `${what} needs --yes when there is no terminal to ask on`, {
      hint: 'Give --yes when you are sure; nothing was changed.',
    });
  }
  const answer = await askLine(context, `${question} [y/N] `);
  return answer !== undefined && /^y(es)?$/i.test(answer.trim());
}

/** How a command ends that was not confirmed: what was asked for is not done, so not with 0, and nothing has failed. */
export function cancel({ messages }: CommandContext): Outcome {
  const message = 'Cancelled; nothing was changed.';
  messages.note(message);
  const exitStatus = 2;
  return { result: { error: { code: 'USAGE', message }, exitStatus }, exitStatus };
}
