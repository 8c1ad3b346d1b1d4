import { escapeLine } from '../foreign-text.ts';
import type { Io, Output } from '../io.ts';

/** A line of a result with a colour for people. */
export interface ColoredLine {
  readonly text: string;
  readonly color: 'red' | 'yellow' | 'green' | 'cyan' | 'bold';
}

/** True if a stream takes colours. Source of the rules: https://no-color.org, and TERM=dumb. */
export function allowsColor(stream: Output, env: Io['env'], asked: boolean): boolean {
  return asked && stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}

/** Escapes the lines of a result and colours those that have a colour, if `color` is set. */
export async function formatLines(lines: readonly (string | ColoredLine)[], color: boolean): Promise<string> {
  const isColored = color && lines.some((line) => typeof line !== 'string');
  const chalk = isColored ? new (await import('chalk')).Chalk({ level: 1 }) : undefined;
  const format = (line: string | ColoredLine): string => {
    if (typeof line === 'string') return escapeLine(line);
    return chalk === undefined ? escapeLine(line.text) : chalk[line.color](escapeLine(line.text));
  };
  return lines.map(format).join('\n');
}
