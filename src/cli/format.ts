import { escapeLine } from '../foreign-text.ts';

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

/** Lines of a table: headings first, columns padded to their widest cell, two spaces between them. */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  return [...formatLongTable(headings, rows, (cells) => cells)];
}

/** Yields the lines of a table with many rows. Reads the rows twice, and makes the cells of a row when they are needed. */
export function* formatLongTable<Row>(
  headings: readonly string[],
  rows: Iterable<Row>,
  toCells: (row: Row) => readonly string[],
): Generator<string> {
  const widths = headings.map((heading) => heading.length);
  for (const row of rows) {
    for (const [column, cell] of toCells(row).entries()) {
      widths[column] = Math.max(widths[column] ?? 0, escapeLine(cell).length);
    }
  }
  const format = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => escapeLine(cell).padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  yield format(headings);
  for (const row of rows) yield format(toCells(row));
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
