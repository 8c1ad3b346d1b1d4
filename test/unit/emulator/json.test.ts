import { expect, test } from 'vitest';
import { isModest } from '../../../src/emulator/json.ts';

const ask = (text: string) => isModest(Buffer.from(text), 3, 10);

test.each([
  '',
  '{"a":[{"b":1}]}',
  '[[],[],[],[]]',
  // A string has no structure, however it is quoted.
  `{"a":"${'[{'.repeat(50)}"}`,
  `{"a":"\\"${','.repeat(50)}"}`,
  `{"a":"\\\\","b":"${'['.repeat(9)}"}`,
  // Invalid JSON, which the parser refuses.
  `"${'['.repeat(50)}`,
  ']]]]]]',
])('%j may be parsed', (text) => {
  expect(ask(text)).toBe(true);
});

test.each([
  '[[[[',
  '{"a":{"b":{"c":{"d":1}}}}',
  '[1,2,3,4,5,6,7,8,9,10,11]',
  '[[],[],[],[],[],[]]',
  `{"a":"\\\\",${'['.repeat(9)}`,
])('%j may not be parsed', (text) => {
  expect(ask(text)).toBe(false);
});
