import { Chalk, type ChalkInstance } from 'chalk';
import ora from 'ora';
import { escapeLine } from '../../foreign-text.ts';
import type { Io, Output } from '../../io.ts';
import { measureText, wrapWords } from './fit-text.ts';
import { describeRetry, formatElapsed, type ShownWait } from './waits.ts';

export interface Screen {
  readonly columns: number;
  readonly rows: number;
}

const REFRESH_MS = 125;
/** Width of the spinner and a space, before the first line. */
const SPINNER_COLUMNS = 2;

export interface LiveLines {
  stop(): void;
  /** Clears the lines for a question to a person, until the returned function is called. */
  pause(): () => void;
}

/**
 * Keeps drawing the result of `render` on a terminal, until it is stopped or `signal` aborts. Lines that others print meanwhile
 * appear above.
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
    // The display was chosen already, and Ctrl-C has to stay a signal.
    isEnabled: true,
    discardStdin: false,
  });
  // ora draws with this method. Its clearing and writing reach the terminal together, so that nothing flickers.
  const draw = spinner.render.bind(spinner);
  spinner.render = () => {
    const { columns = 80, rows = 24 } = stream;
    // ora would count endless lines.
    if (columns === 0) return spinner;
    // The cursor stays at the left: a terminal prints ^C there without wrapping, and ora counts one line less.
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
 * A terminal that became narrower has wrapped the lines, but ora moves up only the lines that it wrote. This moves up the wrapped
 * ones, except for the last line: the cursor is at its start. ora clears its own lines before any write, and draws again after a
 * line break.
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

/** Shows the current wait on a terminal, until the returned function is called. While `find` finds none, the last wait stays. */
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

/** Renders a wait. Each line, including the spinner before the first, is narrower than `columns`. */
export function renderWait(wait: ShownWait, columns: number): string {
  const { what, waitedMs, trouble } = wait;
  const width = Math.max(1, columns - 1 - INDENT.length);
  const text = escapeLine(`Waiting for ${what}, ${formatElapsed(waitedMs)}`);
  const lines = [...wrapWords(text, width, 2)];
  if (trouble !== undefined) lines.push(...wrapWords(describeRetry(trouble), width, 2));
  return lines.map((line, index) => (index === 0 ? line : `${INDENT}${line}`)).join('\n');
}
