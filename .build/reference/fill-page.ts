/** A part of a page that is generated. */
export interface Block {
  readonly name: string;
  readonly text: string;
}

const END = '<!-- end -->';
const BLOCK = /^<!-- generated: (.+) -->\n(?:.*\n)*?<!-- end -->$/gm;

/**
 * Replaces the generated blocks of a page and keeps the text beside them. A block that the page does not have yet goes before its
 * successor, or to the end of the page. Throws for a block of the page that nothing generates.
 */
export function fillPage(page: string, blocks: readonly Block[]): string {
  const names = blocks.map(({ name }) => name);
  const unknown = Array.from(page.matchAll(BLOCK), ([, name = '']) => name).filter(
    (name) => !names.includes(name),
  );
  if (unknown.length > 0) {
    throw new Error(
      `Nothing generates these blocks: ${unknown.join(', ')}. Move or delete the text beside them.`,
    );
  }
  // From the last to the first, so that a new block finds its successor.
  return blocks.reduceRight((text, block, position) => insertBlock(text, block, names[position + 1]), page);
}

function insertBlock(page: string, { name, text }: Block, successor: string | undefined): string {
  const start = startOf(name);
  const filled = `${start}\n${text}\n${END}`;
  if (page.includes(`${start}\n`)) {
    return page.replaceAll(BLOCK, (old, oldName) => (oldName === name ? filled : old));
  }
  const position = successor === undefined ? -1 : page.indexOf(startOf(successor));
  return position === -1
    ? `${page.trimEnd()}\n\n${filled}\n`
    : `${page.slice(0, position)}${filled}\n\n${page.slice(position)}`;
}

function startOf(name: string): string {
  return `<!-- generated: ${name} -->`;
}

/** What is written by hand below a generated block, up to the next block or heading of the second level. */
export function readDetails(page: string, name: string): string {
  const [, after = ''] = page.split(`${startOf(name)}\n`);
  const [, details = ''] =
    after.slice(after.indexOf(END) + END.length).match(/^((?:.|\n)*?)(?=\n<!-- generated: |\n## |$)/u) ?? [];
  return details.trim();
}

/** The text below a heading of the second level. */
export function readSection(page: string, heading: string): string {
  const [, after = ''] = page.split(`\n## ${heading}\n`);
  return (after.split('\n## ')[0] ?? '').trim();
}
