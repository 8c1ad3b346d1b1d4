import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter();

/** As wide as a terminal shows it: wide characters count two, combining ones nothing. */
export function measureText(text: string): number {
  return stringWidth(text);
}

/** Leaves out the end of what is wider. */
export function cutEnd(text: string, columns: number): string {
  return measureText(text) <= columns ? text : `${takeFitting(split(text), columns - 1).join('')}…`;
}

/** Leaves out the beginning of what is wider: of a name, the end tells most. */
export function cutStart(text: string, columns: number): string {
  if (measureText(text) <= columns) return text;
  return `…${takeFitting(split(text).reverse(), columns - 1)
    .reverse()
    .join('')}`;
}

/** Joins parts to at most `maxLines` lines, in their order; what does not fit any more is left out, and so is all after it. */
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

/** Breaks text between words into at most `maxLines` lines; a word that is too long, and a last line that is, lose their ends. */
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
