import { type CatalogChange, type CatalogValue, normalizeText } from '../catalog/changes.ts';
import type { ColoredLine } from './colored-lines.ts';
import { formatCount } from './format.ts';
import type { ResultMembers } from './output.ts';

/** Changes for JSON. */
export function listChanges(changes: readonly CatalogChange[]): readonly ResultMembers[] {
  return changes.map(({ field, change, before, after }) => ({ field, change, before, after }));
}

/** Says for a person what changed, a line a field. */
export function summarizeChanges(name: string, changes: readonly CatalogChange[]): readonly string[] {
  if (changes.length === 0) return [`${name} is unchanged: it has all of this already.`];
  const width = Math.max(...changes.map(({ field }) => field.length));
  return [
    `Changed ${formatCount(changes.length, 'field')} of ${name}:`,
    ...changes.map((change) => `  ${change.field.padEnd(width)}  ${summarizeChange(change)}`),
  ];
}

function summarizeChange({ field, change, before, after }: CatalogChange): string {
  if (field.startsWith('tags.')) return [change, [before, after].filter(Boolean).join(' → ')].join(': ');
  if (!isList(before) && !isList(after)) return change;
  const marks = compareLists(before, after).map(({ text }) => text);
  return `${change}: ${marks.join(', ')}`;
}

/** A line of a diff: coloured if it was removed or added. */
type DiffLine = string | ColoredLine;

/** Shows changes as a diff: texts line by line, lists as sets. */
export async function viewChanges(changes: readonly CatalogChange[]): Promise<readonly DiffLine[]> {
  const { structuredPatch } = await import('diff');
  return changes.flatMap(({ field, change, before, after }): DiffLine[] => {
    const heading: ColoredLine = { text: `${field} (${change})`, color: 'bold' };
    if (isList(before) || isList(after)) return [heading, ...compareLists(before, after)];
    const [left, right] = [endLines(before), endLines(after)];
    const isShort = [left, right].every((text) => text.split('\n').length <= 2);
    const { hunks } = structuredPatch(field, field, left, right, '', '', { context: 3 });
    const lines = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: inner }): DiffLine[] => {
      const place = `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`;
      return [...(isShort ? [] : [{ text: place, color: 'cyan' as const }]), ...inner.map(colorLine)];
    });
    return [heading, ...lines];
  });
}

/** Without a value, there is no line. With one, each line ends, so that the diff need not mention it. */
function endLines(text: string | undefined): string {
  return text ? `${normalizeText(text)}\n` : '';
}

function colorLine(line: string): DiffLine {
  if (line.startsWith('-')) return { text: line, color: 'red' };
  return line.startsWith('+') ? { text: line, color: 'green' } : line;
}

function isList(value: CatalogValue | undefined): value is readonly string[] {
  return Array.isArray(value);
}

/** Compares lists as sets. */
function compareLists(
  before: CatalogValue | undefined = [],
  after: CatalogValue | undefined = [],
): readonly ColoredLine[] {
  const [left, right] = [[before].flat(), [after].flat()];
  return [
    ...left.filter((entry) => !right.includes(entry)).map((entry) => colorEntry('-', entry)),
    ...right.filter((entry) => !left.includes(entry)).map((entry) => colorEntry('+', entry)),
  ];
}

function colorEntry(sign: '-' | '+', entry: string): ColoredLine {
  return { text: `${sign} ${entry}`, color: sign === '-' ? 'red' : 'green' };
}
