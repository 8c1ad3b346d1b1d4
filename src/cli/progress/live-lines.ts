import { Chalk, type ChalkInstance } from 'chalk';
import ora from 'ora';
import { escapeLine } from '../../foreign-text.ts';
import type { Io, Output } from '../../io.ts';
import { measureText, wrapWords } from './fit-text.ts';
import type { ShownWait } from './waits.ts';
import { describeTroubleOf, formatElapsed } from './waits.ts';

export interface Screen {
  readonly columns: number;
  readonly rows: number;
}

const REFRESH_MS = 125;
/** The spinner and a space, before the first line. */
const SPINNER_COLUMNS = 2;

export interface LiveLines {
  stop(): void;
  /** Takes the lines away until the returned function is called: a person is being asked something in their place. */
  pause(): () => void;
}

/**
 * Draws what `render` returns again and again, on a terminal, until it is stopped or `signal` is aborted.
 * Lines that others print meanwhile appear above it.
 */
export function drawLive(
  { stderr: stream, signal }: Pick<Io, 'stderr' | 'signal'>,
  color: boolean,
  render: (screen: Screen, chalk: ChalkInstance) => string,
): LiveLines {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const spinner = ora({
    stream,
    interval: REFRESH_MS,
    color: color ? 'cyan' : false,
    // The choice was made already, and Ctrl-C shall stay a signal.
    isEnabled: true,
    discardStdin: false,
  });
  // ora draws by this method. What it clears and what it writes reach the terminal at once, so that nothing flickers.
  const draw = spinner.render.bind(spinner);
  spinner.render = () => {
    const { columns = 80, rows = 24 } = stream;
    // ora would count endless lines.
    if (columns === 0) return spinner;
    // The cursor waits at the left: there is room for the ^C that a terminal prints, and ora would miscount a line more.
    spinner.text = `${render({ columns, rows }, chalk)}\r`;
    stream.cork();
    try {
      return draw();
    } finally {
      stream.uncork();
    }
  };
  const onResize = () => {
    if (stream.columns !== 0) clearWrapped(stream, spinner.text);
  };
  const stop = () => {
    stream.off('resize', onResize);
    signal.removeEventListener('abort', stop);
    if (spinner.isSpinning) spinner.stop();
  };
  if (!signal.aborted) {
    spinner.start();
    stream.on('resize', onResize);
    signal.addEventListener('abort', stop);
  }
  const pause = () => {
    if (!spinner.isSpinning) return () => undefined;
    spinner.stop();
    return () => {
      if (!signal.aborted) spinner.start();
    };
  };
  return { stop, pause };
}

/**
 * A terminal that became narrower has wrapped the lines, and ora goes up as many as it wrote: it goes up the others here,
 * but for those of the last line, which the cursor is at the beginning of. ora clears its own before anything that is
 * written, and draws anew after a line's end.
 */
function clearWrapped(stream: Output, text: string): void {
  const { columns = 80 } = stream;
  const above = text.split('\n').slice(0, -1);
  const wrapped = above.reduce((sum, line, position) => {
    const width = measureText(line) + (position === 0 ? SPINNER_COLUMNS : 0);
    return sum + Math.max(0, Math.ceil(width / columns) - 1);
  }, 0);
  stream.write(`${wrapped > 0 ? `\u001b[${wrapped}A` : ''}\u001b[J\r`);
}

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
