import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatManPages, listCommandPages } from '../.build/reference/reference.ts';
import { convertMarkdown, escapeRoff, formatInline } from '../.build/reference/roff.ts';

const readPage = (name: string) => readFileSync(join(import.meta.dirname, '../bin', name), 'utf8');
const pages = formatManPages(readPage('README.md'), readPage('SCRIPTING.md'));

/** Requests and macros of man(7) that the pages use, and how many arguments each may have. */
const MACROS: Readonly<Record<string, RegExp>> = {
  TH: /^("[^"]*"|1)( ("[^"]*"|1)){4}$/,
  SH: /^"[^"]+"$/,
  SS: /^"[^"]+"$/,
  B: /^ecrp/,
  PP: /^$/,
  TP: /^$/,
  IP: /^\\\(bu 2$/,
  RS: /^4$/,
  RE: /^$/,
  nf: /^$/,
  fi: /^$/,
};

describe.each([...pages])('%s', (file, text) => {
  const lines = text.replace(/\n$/, '').split('\n');

  it('has the sections of a man page in their order', () => {
    const headings = lines.flatMap((line) => /^\.SH "(.*)"$/.exec(line)?.[1] ?? []);
    expect(lines[0]).toMatch(/^\.TH "ECRP/);
    expect(headings.slice(0, 3)).toEqual(['NAME', 'SYNOPSIS', 'DESCRIPTION']);
    expect(headings.slice(-2)).toEqual(['EXAMPLES', 'SEE ALSO']);
    expect(lines[2]?.replaceAll('\\', '')).toMatch(new RegExp(`^${file.replace('.1', '')} - \\S.*[^.]$`));
  });

  it('is plain roff: known macros, known escapes, ASCII, nothing that begins by chance like a request', () => {
    for (const line of lines) {
      const [, macro = '', rest = ''] = /^\.(\w+) ?(.*)$/.exec(line) ?? [];
      if (/^[.']/.test(line)) expect(rest, line).toMatch(MACROS[macro] ?? /no such macro/);
      expect(line).toMatch(/^[ -~]+$/);
      expect(
        line.replaceAll(/\\(?:e|-|&|\((?:aq|ga|ha|ti|dq|bu)|\[u[0-9A-F]{4,6}\]|f[BR])/g, ''),
      ).not.toContain('\\');
      expect(line.match(/\\fB/g)?.length).toBe(line.match(/\\fR/g)?.length);
    }
  });

  it('ends what it begins, and gives every term a meaning', () => {
    const open: string[] = [];
    for (const [position, line] of lines.entries()) {
      if (line === '.RS 4' || line === '.nf') open.push(line);
      if (line === '.RE') expect(open.pop()).toBe('.RS 4');
      if (line === '.fi') expect(open.pop()).toBe('.nf');
      if (line === '.TP') {
        expect(lines.slice(position + 1, position + 3)).toEqual([
          expect.stringMatching(/^(?!\.)./),
          expect.stringMatching(/^(?!\.)./),
        ]);
      }
    }
    expect(open).toEqual([]);
  });

  it('names other pages that exist', () => {
    const related = text.slice(text.indexOf('.SH "SEE ALSO"')).match(/[\w\\-]+(?=\\fR\(1\))/g) ?? [];
    const names = related.map(
      (name) => `${name.replace(/^\\fB/, '').replace(/^fB/, '').replaceAll('\\', '')}.1`,
    );
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !pages.has(name) || name === file)).toEqual([]);
  });
});

describe('the manual', () => {
  it('has a page for each command', () =>
    expect([...pages.keys()]).toEqual(
      listCommandPages().map(({ name }) => `${name.replaceAll(' ', '-')}.1`),
    ));

  it('has options, text by hand, and in ecrp(1) the exit statuses and the environment', () => {
    const push = pages.get('ecrp-push.1') ?? '';
    expect(push).toContain('.TP\n\\fB\\-t, \\-\\-tag <tag>\\fR\nfurther tag or reference');
    expect(push).toContain('.SH "RESUMING"\n.PP\nA push may be interrupted');
    expect(push).toContain('\n\\fB6\\fR\nA tag is on another image');
    expect(push).not.toContain('### ');
    const program = pages.get('ecrp.1') ?? '';
    expect(program).toContain('.SH "EXIT STATUSES"\n.TP\n0\ndone');
    expect(program).toContain('.SH "ENVIRONMENT VARIABLES"\n.TP\n\\fBAWS_PROFILE\\fR');
  });
});

describe('roff', () => {
  it.each([
    ["it's `x` ~ ^ a-b \\n", 'it\\(aqs \\(gax\\(ga \\(ti \\(ha a\\-b \\en'],
    ['.ext of a file', '\\&.ext of a file'],
    ["'quoted", '\\(aqquoted'],
    ['1 × 2…', '1 \\[u00D7] 2\\[u2026]'],
    ['two\nlines', 'two lines'],
  ])('escapes %j', (text, escaped) => expect(escapeRoff(text)).toBe(escaped));

  it.each([
    [
      '**bold** and `co-de`, a [link](x.md#y) and \\<x\\|y\\>',
      '\\fBbold\\fR and \\fBco\\-de\\fR, a link and <x|y>',
    ],
    ['`.x`', '\\fB\\&.x\\fR'],
    ['1 * 2 * 3', '1 * 2 * 3'],
  ])('formats %j', (text, formatted) => expect(formatInline(text)).toBe(formatted));

  it('has headings, paragraphs, lists, tables and code of Markdown', () => {
    const markdown = [
      '#### A "title"\n',
      'Two\nlines.\n',
      '- one\n  more\n- two\n',
      '| a | b | c |\n| --- | --- | --- |\n| `x` | y \\| z | |\n| v | | w |\n',
      '```sh\n.x -y\n\n# z\n```',
    ].join('\n');
    expect(convertMarkdown(markdown)).toBe(
      [
        '.SH "A \\(dqTITLE\\(dq"',
        '.PP\nTwo lines.',
        '.IP \\(bu 2\none more\n.IP \\(bu 2\ntwo',
        '.TP\n\\fBx\\fR\ny | z',
        '.TP\nv\nw',
        '.PP\n.RS 4\n.nf\n\\&.x \\-y\n\\&\n# z\n.fi\n.RE',
      ].join('\n'),
    );
  });
});
