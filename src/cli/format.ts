import { escapeLine } from '../foreign-text.ts';
import type { Io } from '../io.ts';

/** `12.3 MB`: decimal units, as docker and registries count. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  // 999.95 would be rounded to 1000.0.
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

/** `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${pad(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** `1 layer`, `2 layers`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Columns of the terminal that shows the result. Undefined: no terminal, so lines may have any length. */
export function findResultWidth({ stdout }: Pick<Io, 'stdout'>): number | undefined {
  return stdout.isTTY ? stdout.columns || 80 : undefined;
}

/**
 * Lines of a table: headings first, columns padded to their widest cell, two spaces between them. In a table wider than `width`, the
 * widest columns have lines of their own below each row.
 */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  width?: number,
): readonly string[] {
  return [...formatLongTable(headings, rows, (cells) => cells, width)];
}

/** Yields the lines of a table with many rows. Reads the rows twice, and makes the cells of a row when they are needed. */
export function* formatLongTable<Row>(
  headings: readonly string[],
  rows: Iterable<Row>,
  toCells: (row: Row) => readonly string[],
  width = Number.POSITIVE_INFINITY,
): Generator<string> {
  const widths = headings.map((heading) => heading.length);
  for (const row of rows) {
    for (const [column, cell] of toCells(row).entries()) {
      widths[column] = Math.max(widths[column] ?? 0, escapeLine(cell).length);
    }
  }
  const inRow = chooseColumns(widths, width);
  const format = function* (cells: readonly string[]): Generator<string> {
    const escaped = cells.map(escapeLine);
    const line = inRow.map((column) => escaped[column]?.padEnd(widths[column] ?? 0));
    yield line.join('  ').trimEnd();
    for (const [column, cell] of escaped.entries()) {
      if (!inRow.includes(column) && cell !== '') yield `  ${cell}`;
    }
  };
  yield* format(headings);
  for (const row of rows) yield* format(toCells(row));
}

/** Lists the columns that fit side by side: all without the widest ones. */
function chooseColumns(widths: readonly number[], mostWidth: number): readonly number[] {
  let chosen = [...widths.keys()];
  const measure = (column: number): number => widths[column] ?? 0;
  const isTooWide = (): boolean =>
    chosen.reduce((sum, column) => sum + measure(column), 2 * (chosen.length - 1)) > mostWidth;
  while (chosen.length > 1 && isTooWide()) {
    const widest = chosen.reduce((a, b) => (measure(b) > measure(a) ? b : a));
    chosen = chosen.filter((column) => column !== widest);
  }
  return chosen;
}

/** `name  value` lines. Fields without a value are left out. */
export function formatFields(
  fields: readonly (readonly [name: string, value: string | undefined])[],
): readonly string[] {
  const given = fields.filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(...given.map(([name]) => name.length));
  return given.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

/** `2026-11-28 10:55`, in UTC. Empty without a time. */
export function formatTime(timeMs: number | undefined): string {
  return timeMs === undefined ? '' : new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
