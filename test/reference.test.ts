import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillPage } from '../.build/reference/fill-page.ts';
import { formatCommand } from '../.build/reference/markdown.ts';
import { fillReference, listCommandPages, listManFiles } from '../.build/reference/reference.ts';
import { OPERATIONS } from '../src/wire/operations.ts';
import { eventMembers } from './e2e/commands/schemas.ts';

const readPage = (name: string) => readFileSync(join(import.meta.dirname, '../bin', name), 'utf8');
const page = readPage('README.md');
const commands = listCommandPages();

describe('bin/README.md', () => {
  it("describes the commands as the program does (after a change: 'npm run docs')", () =>
    expect(page).toBe(fillReference(page)));

  it('has a command for every operation of the API', () => {
    const covered = new Set<string>(commands.flatMap(({ operations }) => operations));
    const missing = Object.keys(OPERATIONS).filter((operation) => !covered.has(operation));
    expect(missing).toEqual([]);
  });

  it("is the source of man pages that package.json lists (after a change: 'npm run docs')", () => {
    // Our own file; anything else fails the test.
    const { man } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
      man: unknown;
    };
    expect(man).toEqual(listManFiles());
  });

  it('has examples of every command, which begin with what they show', () => {
    for (const { name, examples } of commands) {
      expect(
        examples.filter((example) => example.includes(name)),
        name,
      ).not.toEqual([]);
    }
  });
});

/** The table of events in bin/SCRIPTING.md: the members of each. */
function readListedEvents(): ReadonlyMap<string, readonly string[]> {
  const [, table = ''] = readPage('SCRIPTING.md').split('| event | members | |');
  const events = new Map<string, readonly string[]>();
  for (const row of table.slice(0, table.indexOf('\n\n')).split('\n').slice(2)) {
    const [names = [], members = []] = row
      .split('|')
      .slice(1, 3)
      .map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
    for (const name of names) events.set(name, members);
  }
  return events;
}

describe('bin/SCRIPTING.md', () => {
  it('lists the events and members that bin/schemas/event.json describes', () => {
    expect(Object.fromEntries(readListedEvents())).toEqual(Object.fromEntries(eventMembers));
  });
});

describe('a section', () => {
  it('has usage, arguments, options in groups with defaults, exit statuses, operations and examples', () => {
    const push = commands.find(({ name }) => name === 'ecrp push');
    const text = push === undefined ? '' : formatCommand(push);
    expect(text).toMatch(/^### `ecrp push`\n\nPush /);
    expect(text).toContain(
      '\n```sh\necrp push [options] <source> [reference]\necrp push [options] <reference> <file',
    );
    expect(text).toContain('\n| argument | |\n| --- | --- |\n| `source` | ');
    for (const title of ['Source', 'Target', 'Network', 'Output']) {
      expect(text).toContain(`\n| ${title} | |\n| --- | --- |\n| \`-`);
    }
    expect(text).toContain('\n| `--concurrency <n>` | layers in flight (default 4) |\n');
    expect(text).toContain('tag on another image: overwrite (default), skip, fail |');
    expect(text).toMatch(/\n\| exit status \| \|\n(.*\n)+\| 6 \| A tag is on another image/);
    expect(text).toContain('InitiateLayerUpload, UploadLayerPart');
    expect(text.endsWith('--json\n```')).toBe(true);
  });

  it('shows text of help as it is, in spite of Markdown', () => {
    const plain = { depth: 1, summary: '', description: '', usage: ['ecrp x'], groups: [], commands: [] };
    const text = formatCommand({
      ...{ ...plain, name: 'ecrp x', examples: [], operations: [], exitStatuses: {} },
      arguments: [{ term: 'a|b', meaning: 'REPO[:TAG] | <x> or `a|b_c` of NO_COLOR, *' }],
    });
    expect(text).toContain('| `a\\|b` | REPO\\[:TAG\\] \\| \\<x\\> or `a\\|b_c` of NO\\_COLOR, \\* |');
  });
});

describe('a page with generated blocks', () => {
  const block = (name: string, text: string) => `<!-- generated: ${name} -->\n${text}\n<!-- end -->`;
  const old = `# Title\n\n${block('a', 'old')}\n\nBy hand: $& of a.\n\n${block('c', 'old\nlines')}\n\n## End\n`;

  it('gets new text in its blocks, and keeps what stands beside them', () => {
    const filled = fillPage(old, [
      { name: 'a', text: 'new $& a' },
      { name: 'c', text: 'new c' },
    ]);
    expect(filled).toBe(
      `# Title\n\n${block('a', 'new $& a')}\n\nBy hand: $& of a.\n\n${block('c', 'new c')}\n\n## End\n`,
    );
    expect(
      fillPage(filled, [
        { name: 'a', text: 'new $& a' },
        { name: 'c', text: 'new c' },
      ]),
    ).toBe(filled);
  });

  it('gets new blocks before their successors, or at the end', () => {
    const names = ['x', 'a', 'b', 'c', 'y', 'z'];
    const filled = fillPage(
      old,
      names.map((name) => ({ name, text: name })),
    );
    const order = Array.from(filled.matchAll(/(?<=generated: |^## |^By )\w+/gm), ([word]) => word);
    expect(order).toEqual(['x', 'a', 'hand', 'b', 'c', 'End', 'y', 'z']);
  });

  it('must not keep a block of a command that is gone', () => {
    expect(() => fillPage(old, [{ name: 'a', text: '' }])).toThrow('Nothing generates these blocks: c.');
  });
});
