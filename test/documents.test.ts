import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findDeadLinks } from './support/markdown-links.ts';

const root = join(import.meta.dirname, '..');

/** Folders that git does not track. */
const UNTRACKED = ['.git', 'node_modules', 'dist', 'coverage', '.tmp'];

function listFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return UNTRACKED.includes(entry.name) ? [] : listFiles(path);
    return [relative(root, path).split(sep).join('/')];
  });
}

// test/e2e/package.test.ts looks for links that lead out of the package.
it('no document of the sources has a dead link', () => {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  expect(findDeadLinks(listFiles(root), read)).toEqual([]);
});

describe('a dead link', () => {
  const tree = (files: Readonly<Record<string, string>>) =>
    findDeadLinks(Object.keys(files), (path) => files[path] ?? '');

  it.each([
    ['a file that is missing', '[x](src/x.md)'],
    ['a picture that is missing', '<img alt="x" src="x.svg">'],
    ['a heading that is missing', '[x](#missing)'],
    ['a heading of another file', '[x](bin/a.md#b)'],
    ['a file outside of the tree', '[`x`](../LICENSE)'],
    ['a heading within code', '[x](#code)\n\n```sh\n# code\n```\n'],
  ])('is found: %s', (_, text) => {
    expect(tree({ 'a.md': text, 'bin/a.md': '# a\n', LICENSE: '' })).toHaveLength(1);
  });

  it('is not found where each leads to something', () => {
    const text = [
      '# A `first` heading, twice\n## A first heading twice\n## `ecrp push`\n',
      '[x](#a-first-heading-twice) [x](#a-first-heading-twice-1) [`x`](#ecrp-push) [x](bin/a.md#b-c) [x](bin/) [x](LICENSE)',
      '[x](https://example.com/x.md) <a href="mailto:x@example.com">x</a> `[x](y)` ![x](bin/x.svg)',
      '\n```md\n[x](y)\n```\n',
    ].join('\n');
    expect(
      tree({ 'a.md': text, 'bin/a.md': '[x](../a.md)\n## B: c?\n', 'bin/x.svg': '', LICENSE: '' }),
    ).toEqual([]);
  });
});
