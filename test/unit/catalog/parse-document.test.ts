import { describe, expect, it } from 'vitest';
import { parseCatalogDocument } from '../../../src/catalog/parse-document.ts';

const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]', ...'bcdefgh'].map((line, index) => {
  const previous = String.fromCharCode(96 + index);
  return index === 0 ? line : `${line}: &${line} [${`*${previous},`.repeat(10)}]`;
});

describe('parseCatalogDocument', () => {
  it('distinguishes JSON and YAML by the name, else by the first character', () => {
    const flow = '{description: a, tags: [b]}';
    expect(parseCatalogDocument(flow, 'x.yaml')).toEqual({ value: { description: 'a', tags: ['b'] } });
    expect(parseCatalogDocument(flow, 'x')).toEqual({ faults: [expect.stringContaining('not valid JSON')] });
    expect(parseCatalogDocument('description: a', 'x')).toEqual({ value: { description: 'a' } });
    expect(parseCatalogDocument('description: a', 'X.JSON')).toEqual({
      faults: [expect.stringContaining('not valid JSON')],
    });
  });

  it('accepts tabs, escapes and long strings of JSON', () => {
    const value = { aboutText: 'x'.repeat(600_000), description: '\u2028 "\\/\t' };
    expect(parseCatalogDocument(JSON.stringify(value, null, '\t'), 'x.json')).toEqual({ value });
  });

  // Without limits, the parser would need minutes for the last ones, or crash.
  it.each<[name: string, text: string, path: string, fault: string]>([
    [
      'a member that is there twice, in JSON',
      '{"a": 1,\n "a": 2}',
      'x.json',
      'line 2, column 2: this member is there twice',
    ],
    [
      'a member that is there twice, in YAML',
      'a: 1\nb: 2\na: 3',
      'x.yaml',
      'line 3, column 1: this member is there twice',
    ],
    [
      'two documents',
      'a: 1\n---\nb: 2',
      'x.yaml',
      'line 2, column 1: a second document begins here; only one is allowed',
    ],
    ['tabs as indentation', 'a:\n\tb: 1', 'x.yaml', 'line 2, column 1: Tabs are not allowed as indentation'],
    [
      'a tag of another schema',
      'a: !!js/function "x"',
      'x.yaml',
      'line 1, column 4: Unresolved tag: tag:yaml.org,2002:js/function',
    ],
    ['an alias of nothing', 'a: *unknown', 'x.yaml', 'Unresolved alias'],
    ['a comma too many', '{"a": 1,}', 'x.json', '(line 1)'],
    ['blanks', '  \n', 'x.yaml', 'it is empty'],
    ['aliases that multiply', bomb.join('\n'), 'x.yaml', 'it cannot be used: Excessive alias count'],
    ['brackets without end, in YAML', '['.repeat(500_000), 'x.yaml', 'it is nested too deeply'],
    ['brackets without end, in JSON', '['.repeat(500_000), 'x.json', 'it is nested too deeply'],
    ['lists in lists without end', '- '.repeat(100_000), 'x.yaml', 'it is nested too deeply'],
    ['very many anchors', `a: ${'&a '.repeat(100_000)}`, 'x.yaml', 'it has too many members'],
    ['very many commas', `[${','.repeat(300_000)}]`, 'x.yaml', 'it has too many members'],
    ['very many closing brackets', '}'.repeat(200_000), 'x.yaml', 'it has too many members'],
  ])('explains %s', (_, text, path, fault) => {
    const parsed = parseCatalogDocument(text, path);
    expect(parsed).toEqual({ faults: expect.arrayContaining([expect.stringContaining(fault)]) });
  });
});
