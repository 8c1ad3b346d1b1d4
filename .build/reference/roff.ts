/** Characters with a meaning in roff, or that roff prints as typographic ones. Commands must be copied exactly. */
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
};

/** Escapes text for roff. The result has one line, and only ASCII. */
export function escapeRoff(text: string): string {
  const line = text
    .replaceAll(/[\\\-'`^~]/g, (character) => ESCAPES[character] ?? character)
    .replaceAll(
      /[^\n -~]/gu,
      (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .replaceAll('\n', ' ');
  // A line that begins like this would be a request.
  return line.startsWith('.') ? `\\&${line}` : line;
}

/** Formats text with `code` and **bold** in Markdown. Links keep their text only. */
export function formatInline(text: string): string {
  const plain = text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  const pieces = plain.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((piece, position) => {
    if (position % 2 === 0) return escapeRoff(piece.replaceAll(/\\([|<>*_[\]])/g, '$1'));
    const inner = piece.startsWith('`') ? piece.slice(1, -1).replaceAll('\\|', '|') : piece.slice(2, -2);
    return `\\fB${escapeRoff(inner)}\\fR`;
  });
  const line = pieces.join('');
  return line.startsWith('.') ? `\\&${line}` : line;
}

/** A paragraph with a heading of its own, such as an option. */
export function formatTagged(term: string, meaning: string): string {
  return `.TP\n${formatInline(term)}\n${formatInline(meaning) || '\\&'}`;
}

/** Lines that are shown as they are. */
export function formatVerbatim(lines: readonly string[]): string {
  const escaped = lines.map((line) => escapeRoff(line) || '\\&');
  return ['.PP', '.RS 4', '.nf', ...escaped, '.fi', '.RE'].join('\n');
}

/** Quotes an argument of a macro. */
export function quoteArgument(text: string): string {
  return `"${escapeRoff(text).replaceAll('"', '\\(dq')}"`;
}

/** Converts the Markdown of our pages: headings, paragraphs, lists, tables and code. A table becomes a list of tagged paragraphs. */
export function convertMarkdown(markdown: string): string {
  return splitBlocks(markdown).map(convertBlock).join('\n');
}

/** Splits at empty lines, but not within code. */
function splitBlocks(markdown: string): readonly (readonly string[])[] {
  const blocks: string[][] = [[]];
  let isCode = false;
  for (const line of markdown.split('\n')) {
    if (line.startsWith('```')) isCode = !isCode;
    if (line === '' && !isCode) blocks.push([]);
    else blocks.at(-1)?.push(line);
  }
  return blocks.filter(({ length }) => length > 0);
}

function convertBlock(lines: readonly string[]): string {
  const [first = ''] = lines;
  if (first.startsWith('#')) return `.SH ${quoteArgument(first.replace(/^#+ /, '').toUpperCase())}`;
  if (first.startsWith('```')) return formatVerbatim(lines.slice(1, -1));
  if (first.startsWith('|')) return convertTable(lines);
  const text = lines.map((line) => line.trim()).join('\n');
  if (!first.startsWith('- ')) return `.PP\n${formatInline(text)}`;
  const items = text.slice(2).split('\n- ');
  return items.map((item) => `.IP \\(bu 2\n${formatInline(item)}`).join('\n');
}

function convertTable([, , ...rows]: readonly string[]): string {
  return rows
    .map((row) =>
      row
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    )
    .map(([term = '', ...cells]) => formatTagged(term, cells.filter(Boolean).join(': ')))
    .join('\n');
}
