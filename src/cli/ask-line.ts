import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { escapeLine } from '../foreign-text.ts';
import type { CommandContext } from './command-context.ts';
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
