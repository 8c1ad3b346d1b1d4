import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import type { PromptMfa } from '../ecr/credentials/source.ts';
import { EcrpError } from '../errors.ts';
import { escapeLine } from '../foreign-text.ts';
import type { CommandContext } from './command-context.ts';
import type { Outcome } from './output.ts';
import { printText } from './write-text.ts';

/** True if standard input and standard error are terminals, so that a person can answer. */
function isTerminal({ io }: CommandContext): boolean {
  return io.stdin.isTTY === true && io.stderr.isTTY === true;
}

/**
 * Asks a question on the terminal, while every display is paused. Undefined if the input ends instead. Throws the reason of
 * `signal` if that aborts.
 */
async function askLine(
  { io, waiting }: CommandContext,
  question: string,
  signal: AbortSignal = io.signal,
): Promise<string | undefined> {
  const endPause = waiting.pauseForQuestion();
  // Not a readline terminal: in raw mode, Ctrl-C would not interrupt.
  const prompt = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
  try {
    const closed = once(prompt, 'close').then(() => undefined);
    const answer = await Promise.race([prompt.question(escapeLine(question), { signal }), closed]);
    // The end of the input leaves the cursor behind the question.
    if (answer === undefined) await printText(io.stderr, '\n');
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    prompt.close();
    endPause();
  }
}

/**
 * Throws USAGE without a terminal to ask on. For commands that find out what to ask first.
 * @param what The action as a noun phrase, such as `deleting app`.
 */
export function assertConfirmable(context: CommandContext, what: string): void {
  if (isTerminal(context)) return;
  throw new EcrpError('USAGE', `${what} needs --yes where there is no terminal to ask on`, {
    hint: 'Nothing was changed. Add --yes if you are sure.',
  });
}

/** Asks before something is destroyed. Any answer but `y` or `yes` means no. Throws USAGE as `assertConfirmable` does. */
export async function confirm(context: CommandContext, question: string, what: string): Promise<boolean> {
  assertConfirmable(context, what);
  const answer = await askLine(context, `${question} [y/N] `);
  return answer !== undefined && /^y(es)?$/i.test(answer.trim());
}

/** Outcome of a command that was not confirmed: status 2, because it did not do what was asked. */
export function cancel({ messages }: CommandContext): Outcome {
  const message = 'Cancelled; nothing was changed.';
  messages.note(message);
  const exitStatus = 2;
  return { result: { error: { code: 'USAGE', message }, exitStatus }, exitStatus };
}

/** Makes the prompt for MFA codes; undefined without a terminal. */
export function prepareMfaPrompt(context: CommandContext): PromptMfa | undefined {
  if (!isTerminal(context)) return undefined;
  return async (serial, signal) => {
    const answer = (await askLine(context, `MFA code of ${serial}: `, signal))?.trim();
    if (answer) return answer;
    throw new EcrpError('AUTH', `${serial}: no MFA code was given`, {
      hint: 'Run the command again and type the code.',
    });
  };
}
