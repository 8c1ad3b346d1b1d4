import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { EcrpError } from '../errors.ts';
import { escapeLine } from '../foreign-text.ts';
import type { CommandContext } from './command-context.ts';
import { printText } from './output.ts';

/**
 * Asks before something is destroyed; anything but yes is no. Throws USAGE when there is nobody to ask, and when
 * the answer is no. `what` is the deed as a noun, for errors.
 */
export async function confirm(
  { io, waiting }: CommandContext,
  question: string,
  what: string,
): Promise<void> {
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
    throw new EcrpError('USAGE', `${what} needs --yes when there is no terminal to ask on`, {
      hint: 'Give --yes when you are sure; nothing was changed.',
    });
  }
  waiting.clear();
  // Not a readline terminal: in raw mode Ctrl-C would not interrupt.
  const prompt = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
  try {
    const closed = once(prompt, 'close').then(() => undefined);
    const reply = prompt.question(`${escapeLine(question)} [y/N] `, { signal: io.signal });
    const answer = await Promise.race([reply, closed]);
    // The end of the input ends no line.
    if (answer === undefined) await printText(io.stderr, '\n');
    if (answer !== undefined && /^y(es)?$/i.test(answer.trim())) return;
    throw new EcrpError('USAGE', `${what} was not confirmed; nothing was changed`);
  } finally {
    prompt.close();
  }
}
