import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import type { PromptMfa } from '../ecr/credentials/source.ts';
import { EcrpError } from '../errors.ts';
import { escapeLine } from '../foreign-text.ts';
import type { CommandContext } from './command-context.ts';
import type { Outcome } from './output.ts';
import { printText } from './output.ts';

/** Whether there is somebody to ask. */
export function isTerminal({ io }: CommandContext): boolean {
  return io.stdin.isTTY === true && io.stderr.isTTY === true;
}

/**
 * Asks a person on the terminal, and nothing is drawn meanwhile; undefined when the input ends instead. Throws the signal's reason
 * when that is aborted.
 */
export async function askLine(
  { io, waiting }: CommandContext,
  question: string,
  signal: AbortSignal = io.signal,
): Promise<string | undefined> {
  const endHush = waiting.hush();
  // Not a readline terminal: in raw mode Ctrl-C would not interrupt.
  const prompt = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
  try {
    const closed = once(prompt, 'close').then(() => undefined);
    const answer = await Promise.race([prompt.question(escapeLine(question), { signal }), closed]);
    // The end of the input ends no line.
    if (answer === undefined) await printText(io.stderr, '\n');
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    prompt.close();
    endHush();
  }
}

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

/** Asks for MFA codes where there is a terminal. */
export function prepareMfaPrompt(context: CommandContext): PromptMfa | undefined {
  if (!isTerminal(context)) return undefined;
  return async (serial, signal) => {
    const answer = (await askLine(context, `MFA code of ${serial}: `, signal))?.trim();
    if (answer) return answer;
    throw new EcrpError('AUTH', `no MFA code was given for ${serial}`, {
      hint: 'Run it again with the code at hand.',
    });
  };
}
