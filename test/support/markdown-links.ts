import { posix } from 'node:path';

/**
 * Finds links in Markdown files that lead to no file of a tree, or to no heading of one. Links to other sites are left alone.
 * @param paths All files of the tree, with `/`.
 */
export function findDeadLinks(paths: readonly string[], read: (path: string) => string): string[] {
  return paths
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) => listLinks(read(path)).map((link) => ({ path, link })))
    .filter(({ path, link }) => !leadsSomewhere(path, link, paths, read))
    .map(({ path, link }) => `${path} links to ${link}`);
}

function leadsSomewhere(
  from: string,
  link: string,
  paths: readonly string[],
  read: (path: string) => string,
): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? from : posix.join(posix.dirname(from), file);
  if (anchor === undefined) {
    return paths.some((path) => path === target || path.startsWith(`${target.replace(/\/$/, '')}/`));
  }
  return paths.includes(target) && listAnchors(read(target)).includes(anchor);
}

/** Lists the targets of links and images within the same tree. */
function listLinks(markdown: string): string[] {
  const targets = stripCode(markdown).matchAll(/\]\(\s*([^\s)]+)|\b(?:href|src|srcset)="([^"\s]+)/g);
  return Array.from(targets, ([, link = '', attribute = '']) => link || attribute).filter(
    (target) => !/^[a-z][a-z+.-]*:/i.test(target),
  );
}

/** Lists the anchors that GitHub gives to headings, and those that the text sets. */
function listAnchors(markdown: string): string[] {
  const headings = Array.from(stripFences(markdown).matchAll(/^#{1,6} +(.*)$/gm), ([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
  const numbered = headings.map((anchor, index) => {
    const before = headings.slice(0, index).filter((other) => other === anchor).length;
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
  return [
    ...numbered,
    ...Array.from(markdown.matchAll(/\b(?:id|name)="([^"]+)"/g), ([, anchor = '']) => anchor),
  ];
}

function stripCode(markdown: string): string {
  // A code span within a link's text hides no link.
  return stripFences(markdown).replace(/`[^`\n]*`/g, '');
}

function stripFences(markdown: string): string {
  return markdown.replace(/^ *(```+|~~~+).*\n[\s\S]*?^ *\1.*$/gm, '');
}
