import { escapeLine } from '../../foreign-text.ts';
import type { Io } from '../../io.ts';
import { describeTroubleOf, formatElapsed } from './describe-wait.ts';
import { wrapWords } from './fit-text.ts';
import { drawLive } from './live-lines.ts';
import type { ShownWait } from './wait-list.ts';

const INDENT = '  ';

/** Shows on a terminal what is waited for, until the returned function is called. While `find` finds nothing, the last wait stays. */
export function drawWait(
  io: Pick<Io, 'stderr' | 'signal'>,
  color: boolean,
  first: ShownWait,
  find: () => ShownWait | undefined,
): () => void {
  let shown = first;
  return drawLive(io, color, ({ columns }) => {
    shown = find() ?? shown;
    return renderWait(shown, columns);
  }).stop;
}

/** Its lines: none is as wide as `columns`, the spinner and a space before the first included. */
export function renderWait(wait: ShownWait, columns: number): string {
  const { what, waitedMs, trouble } = wait;
  const width = Math.max(1, columns - 1 - INDENT.length);
  const told = escapeLine(`Waiting for ${what}, ${formatElapsed(waitedMs)}`);
  const lines = [...wrapWords(told, width, 2)];
  if (trouble !== undefined) lines.push(...wrapWords(describeTroubleOf(trouble), width, 2));
  return lines.map((line, index) => (index === 0 ? line : `${INDENT}${line}`)).join('\n');
}
