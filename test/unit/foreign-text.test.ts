import { describe, expect, it } from 'vitest';
import { cutText, escapeLine, escapeLines, formatJson, listNames } from '../../src/foreign-text.ts';

const esc = '\u001b';

describe('a line of foreign text', () => {
  it.each([
    [`a${esc}[2Jb`, 'a\\x1b[2Jb'],
    ['a\u009b2Jb', 'a\\x9b2Jb'],
    ['a\u007fb', 'a\\x7fb'],
    ['app\nerror: forged\r\nhint: run this', 'app\\nerror: forged\\r\\nhint: run this'],
    ['a\tb', 'a\\tb'],
    ['a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
    ['\u202egnp.exe\u2066x\u2069\u061c', '\\u202egnp.exe\\u2066x\\u2069\\u061c'],
    ['a\u{e0041}b', 'a\\u{e0041}b'],
    ['::error::no', '\\x3a:error::no'],
    ['  ::set-output name=x::y', '  \\x3a:set-output name=x::y'],
    ['x ##[error]no', 'x #\\x23[error]no'],
    ['\u00ad:\u200b:error::no', '\u00ad\\x3a\u200b:error::no'],
    ['x #\u200d#\ufeff[error]no', 'x #\u200d\\x23\ufeff[error]no'],
    ['##vso[task.setvariable variable=a]b', '#\\x23vso[task.setvariable variable=a]b'],
    ["##teamcity[buildStatus status='FAILURE']", "#\\x23teamcity[buildStatus status='FAILURE']"],
    ['アプリ é 🚀👨‍👩‍👧 std::vector ## heading', 'アプリ é 🚀👨‍👩‍👧 std::vector ## heading'],
  ])('%j is shown as %j', (text, shown) => {
    expect(escapeLine(text)).toBe(shown);
  });

  it('never becomes two', () => {
    expect(escapeLines(['a\nb', '::c'])).toBe('a\\nb\n\\x3a:c');
  });
});

describe('JSON', () => {
  const value = {
    name: `a${esc}[2J\u009b2J\u007f\n\u202e\u2028\u{e0041}`,
    '##[group]': '##vso[x]y',
    text: 'アプリ "quoted" \\ ## ::',
  };
  it('holds nothing that a terminal or a CI system would obey', () => {
    expect(formatJson(value)).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029\u{e0000}-\u{e007f}]|##\w*\[/u);
  });
  it('gives the exact values to what reads it', () => {
    expect(JSON.parse(formatJson(value))).toEqual(value);
  });
});

it('cuts a text that is too long, and says so', () => {
  expect(cutText('x'.repeat(5_000))).toBe(`${'x'.repeat(4_000)}… (1000 more characters)`);
  expect(cutText('short')).toBe('short');
});

it('cuts a list that is too long, and says how many are left', () => {
  const names = Array.from({ length: 9_000 }, (_, index) => `app:${index}`);
  expect(listNames(names)).toBe(`${names.slice(0, 10).join(', ')} and 8990 more`);
  expect(listNames(names.slice(0, 10))).toBe(names.slice(0, 10).join(', '));
});
