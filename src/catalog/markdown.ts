import type { Token } from 'markdown-it';
import type { Findings } from './findings.ts';

/** What a text has that the Gallery does not show as on GitHub, in the words of a warning. */
type Doubt = string;

const UNCONFIRMED = 'the Gallery is not known to render';
const LINE_BREAK = '\\n stands where a line break should be; write a real one, which JSON has as "\\n"';
const WRONG_SLASH = '/n stands where a line break should be; write a real one';

/**
 * Warns of Markdown that the Gallery is not known to render, and of line breaks that are spelled out. Each kind is one warning, with
 * its first line. Source: recorded pages of the Gallery show headings, lists, links, code and emphasis; AWS documents nothing else.
 */
export async function warnOfMarkdown(text: string, where: string, { warnings }: Findings): Promise<void> {
  const { default: MarkdownIt } = await import('markdown-it');
  const found = new Map<Doubt, { readonly line: number; count: number }>();
  const note = (doubt: Doubt, line: number): void => {
    const known = found.get(doubt);
    if (known === undefined) found.set(doubt, { line, count: 1 });
    else known.count += 1;
  };
  // Blocks without a place of their own, such as cells of a table, are in the last one that has one.
  let line = 1;
  for (const token of new MarkdownIt({ html: true }).parse(text, {})) {
    line = token.map ? token.map[0] + 1 : line;
    for (const doubt of judgeBlock(token)) note(doubt, line);
    let offset = 0;
    for (const child of token.children ?? []) {
      if (/^(soft|hard)break$/.test(child.type)) offset += 1;
      for (const doubt of judgeInline(child)) note(doubt, line + offset);
    }
  }
  // Outside code it was found above. A text of one line was meant to have several, wherever the characters stand.
  if (!text.trimEnd().includes('\n') && text.includes('\\n')) note(LINE_BREAK, 1);
  for (const [doubt, { line: first, count }] of found) {
    warnings.push(`${where}, line ${first}: ${doubt}${count > 1 ? ` (${count} places)` : ''}`);
  }
}

/** Warns of line breaks that are spelled out in a text of one line, which is not Markdown. */
export function warnOfLineBreaks(text: string, where: string, { warnings }: Findings): void {
  if (text.includes('\\n')) warnings.push(`${where}: ${LINE_BREAK}`);
}

function judgeBlock({ type, content }: Token): readonly Doubt[] {
  if (type === 'table_open') return [`${UNCONFIRMED} tables`];
  if (type === 'html_block') return [`${UNCONFIRMED} HTML`];
  if (type !== 'inline') return [];
  if (/^\[[ xX]\] /.test(content)) return [`${UNCONFIRMED} task lists`];
  return /^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]/.test(content) ? [`${UNCONFIRMED} alerts`] : [];
}

function judgeInline(token: Token): readonly Doubt[] {
  const { type, content } = token;
  if (type === 'image') return [`${UNCONFIRMED} images`];
  if (type === 'html_inline') return [`${UNCONFIRMED} HTML`];
  if (type === 'link_open') return judgeLink(String(token.attrGet('href') ?? ''));
  if (type !== 'text') return [];
  return [
    ...(/\[\^[^\]\s]+\]/.test(content) ? [`${UNCONFIRMED} footnotes`] : []),
    ...(content.includes('\\n') ? [LINE_BREAK] : []),
    ...(/\/n(?=\/n|[#*])/.test(content) ? [WRONG_SLASH] : []),
  ];
}

/** The page of a repository has no files beside it, and no places to jump to. */
function judgeLink(href: string): readonly Doubt[] {
  if (href.startsWith('#')) return ['a link to a heading leads nowhere in the Gallery'];
  return /^([a-z][a-z0-9+.-]*:|\/\/)/i.test(href) ? [] : ['a relative link leads nowhere in the Gallery'];
}
