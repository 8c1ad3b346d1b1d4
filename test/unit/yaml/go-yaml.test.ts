import { describe, expect, it } from 'vitest';
import { formatGoScalar, type GoValue, readGoYaml } from '../../../src/yaml/go-yaml.ts';

/** Reads the value of the member `a`. */
function readMember(text: string): GoValue | undefined {
  const read = readGoYaml(text);
  if (!('value' in read)) throw new Error(read.faults.join('; '));
  return read.value instanceof Map ? read.value.get('a') : undefined;
}

describe('readGoYaml', () => {
  it.each<[text: string, value: GoValue]>([
    ['1.10', 1.1],
    ['1.2.3', '1.2.3'],
    ['yes', true],
    ['Off', false],
    ['y', true],
    ['~', null],
    ['', null],
    ['010', 8n],
    ['08', 8],
    ['0o17', 15n],
    ['0x1F', 31n],
    ['-0b11', -3n],
    ['1_000', 1000n],
    ['18446744073709551615', 18446744073709551615n],
    ['-9223372036854775809', -(2 ** 63)],
    ['1e3', 1000],
    ['.5', 0.5],
    ['1e999', '1e999'],
    ['.inf', Number.POSITIVE_INFINITY],
    ['1:30', '1:30'],
    ['2020-01-02', '2020-01-02'],
    ['"yes"', 'yes'],
    ["'1'", '1'],
    ['!!str 1.0', '1.0'],
    ['!!int "7"', 7n],
    ['!custom 7', '7'],
    ['|\n  one\n  two\n', 'one\ntwo\n'],
    ['[1, "1", null]', [1n, '1', null]],
  ])('reads %j as a Go program does', (text, value) => {
    expect(readMember(`a: ${text}`)).toEqual(value);
  });

  it('takes the last of two equal members, and the first of two documents', () => {
    expect(readMember('a: 1\na: 2\n---\na: 3\n')).toBe(2n);
  });

  it('merges maps in their order', () => {
    const text = 'x: &x {k: 1, l: 1}\ny: &y {k: 2, m: 2}\na:\n  k: 0\n  <<: [*x, *y]\n  m: 3\n';
    expect(readMember(text)).toEqual(
      new Map([
        ['k', 1n],
        ['m', 3n],
        ['l', 1n],
      ]),
    );
  });

  it('makes texts of keys', () => {
    expect(readMember('a: {1: x, 1.50: x, yes: x}')).toEqual(
      new Map([
        ['1', 'x'],
        ['1.5', 'x'],
        ['true', 'x'],
      ]),
    );
  });

  it.each<[name: string, text: string, fault: string]>([
    ['an alias of nothing', 'a: *b', 'no anchor before the alias *b'],
    ['an alias in itself', 'a: &a [*a]', 'too '],
    ['a key that is a list', '? [a]\n: b', 'a key in it is not a text'],
    ['a key that is null', '~: b', 'a key in it is not a text'],
    ['a merge of a text', '<<: b', 'not a map'],
    ['half a character', 'a: "\\ud800"', 'half a character'],
    ['bytes', 'a: !!binary AAAA', '!!binary'],
    ['brackets without end', '['.repeat(500_000), 'nested too deeply'],
    ['very many members', 'a: b\n'.repeat(100_000), 'too many members'],
    ['very many faults', 'a: ]\n'.repeat(2_000), 'line 1'],
    ['very many aliases', `a: &a [${'x,'.repeat(3_000)}]\nb: [${'*a,'.repeat(3_000)}]`, 'too many values'],
    ['merges that multiply', mergeBomb(), 'too many values'],
  ])('refuses %s', (_name, text, fault) => {
    expect(readGoYaml(text)).toEqual({
      faults: expect.arrayContaining([expect.stringContaining(fault)]),
    });
  });
});

function mergeBomb(): string {
  const lines = ['m0: &m0 {a: b}'];
  for (let level = 1; level < 30; level += 1) {
    lines.push(`m${level}: &m${level} {<<: [*m${level - 1}, *m${level - 1}]}`);
  }
  return lines.join('\n');
}

// The texts are those of Go's strconv.FormatFloat(number, 'g', -1, 32).
it.each<[value: number, text: string]>([
  [1.1, '1.1'],
  [-2.5, '-2.5'],
  [100_000, '100000'],
  [1_000_000, '1e+06'],
  [1_234_567, '1.234567e+06'],
  [16_777_217, '1.6777216e+07'],
  [123_456_789, '1.2345679e+08'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [0, '0'],
  [-0, '-0'],
  [1e39, '+Inf'],
  [Number.NaN, 'NaN'],
])('the number %d is written as %s', (value, text) => {
  expect(formatGoScalar(value)).toBe(text);
});
