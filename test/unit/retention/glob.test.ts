import { expect, test } from 'vitest';
import { compileGlob } from '../../../src/retention/glob.ts';
import { catchError } from '../../support/catch-error.ts';

test.each([
  ['*', '', true],
  ['*', 'anything', true],
  ['pr-*', 'pr-12', true],
  ['pr-*', 'xpr-12', false],
  ['*-rc', '1.0-rc', true],
  ['*-rc', '1.0-rc1', false],
  ['v?.?', 'v1.2', true],
  ['v?.?', 'v1x2', false],
  ['1.0', '100', false],
  ['v[0-9]*', 'v1.2', true],
  ['v[0-9]*', 'vx', false],
  ['[!a-c]x', 'dx', true],
  ['[!a-c]x', 'bx', false],
  ['[]x]', ']', true],
  ['[a-]', '-', true],
  ['a**b', 'a123b', true],
  ['*a*b*', 'xxaxxbxx', true],
  ['*a*b*', 'xxbxxaxx', false],
  ['', '', true],
  ['', 'a', false],
])('%s and %s: %s', (glob, text, expected) => {
  expect(compileGlob(glob)(text)).toBe(expected);
});

test('a set without an end is a usage error', async () => {
  expect(await catchError(() => compileGlob('v[0-9'))).toMatchObject({ code: 'USAGE' });
});

test('many stars take no more time than their number', () => {
  expect(compileGlob(`${'*a'.repeat(100)}b`)('a'.repeat(300))).toBe(false);
});
