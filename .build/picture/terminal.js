import xterm from '@xterm/headless';

/**
 * Shows a stream of bytes on a screen. `until` returns its rows, without empty ones at the end, as soon as `isReached` is true of their
 * texts. A row is a list of runs `{text, column, color, bold, dim}`. `color` is the number of an ANSI color, or undefined.
 */
export function openTerminal(columns, rows, input) {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const watchers = new Set();
  const look = (ended) => {
    for (const watch of watchers) watch(ended);
  };
  // Called after each chunk, so no screen in between is missed.
  input.on('data', (chunk) => terminal.write(chunk, () => look(false)));
  input.on('end', () => terminal.write('', () => look(true)));
  return {
    until(isReached) {
      return new Promise((resolve, reject) => {
        const watch = (ended) => {
          const screen = readScreen(terminal.buffer.active, columns);
          const lines = screen.map((runs) => runs.map(({ text }) => text).join(''));
          const reached = isReached(lines);
          if (!reached && !ended) return;
          watchers.delete(watch);
          if (reached) resolve(screen);
          else reject(new Error(`the terminal has ended with:\n${lines.join('\n')}`));
        };
        watchers.add(watch);
        watch(false);
      });
    },
  };
}

function readScreen(buffer, columns) {
  const rows = Array.from({ length: buffer.length }, (_, row) => readRow(buffer.getLine(row), columns));
  while (rows.at(-1)?.length === 0) rows.pop();
  return rows;
}

/** Joins neighbours of the same style, and drops spaces at the end. */
function readRow(line, columns) {
  const runs = [];
  for (let column = 0; column < columns; column += 1) {
    const cell = line.getCell(column);
    const text = cell.getChars() || ' ';
    const style = {
      color: cell.isFgPalette() ? cell.getFgColor() : undefined,
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
    };
    const last = runs.at(-1);
    const joins = last && ['color', 'bold', 'dim'].every((name) => last[name] === style[name]);
    if (joins) last.text += text;
    else runs.push({ text, column, ...style });
  }
  const last = runs.at(-1);
  last.text = last.text.trimEnd();
  if (last.text === '') runs.pop();
  return runs;
}
