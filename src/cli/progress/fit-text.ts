import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter();

/** Width on a terminal, in columns: wide characters count as two, combining ones as none. */
export function measureText(text: string): number {
  return stringWidth(text);
}

/** Cuts the end of a text that is wider than `columns`. */
export function cutEnd(text: string, columns: number): string {
  return measureText(text) <= columns ? text : `${takeFitting(split(text), columns - 1).join('')}…`;
}

/** Cuts the start of a text that is wider than `columns`: the end of a name says most. */
export function cutStart(text: string, columns: number): string {
  if (measureText(text) <= columns) return text;
  return `…${takeFitting(split(text).reverse(), columns - 1)
    .reverse()
    .join('')}`;
}

/** Joins parts to at most `maxLines` lines, in order. Drops the first part that does not fit and all parts after it. */
export function flowParts(parts: readonly string[], columns: number, maxLines: number): readonly string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    const longer = last === undefined ? undefined : `${last}  ${part}`;
    if (longer !== undefined && measureText(longer) <= columns) {
      lines[lines.length - 1] = longer;
      continue;
    }
    if (lines.length === maxLines || (last !== undefined && measureText(part) > columns)) break;
    lines.push(cutEnd(part, columns));
  }
  return lines;
}

function split(text: string): string[] {
  return [...graphemes.segment(text)].map(({ segment }) => segment);
}

function takeFitting(segments: readonly string[], columns: number): string[] {
  const taken: string[] = [];
  let width = 0;
  for (const segment of segments) {
    width += measureText(segment);
    if (width > columns) break;
    taken.push(segment);
  }
  return taken;
}

/** Breaks text between words into at most `maxLines` lines. Cuts the end of lines that are still too long. */
export function wrapWords(text: string, columns: number, maxLines: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    const isFull = last !== undefined && measureText(longer) > columns;
    if (isFull && lines.length < maxLines) lines.push(word);
    else lines[Math.max(0, lines.length - 1)] = longer;
  }
  return lines.map((line) => cutEnd(line, columns));
}

/** Breaks text between words. Cuts none: commands in it are copied. */
export function wrapWhole(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last === undefined || measureText(longer) > columns) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
