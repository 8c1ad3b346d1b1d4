import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatFields,
  formatTable,
} from '../../../src/cli/format.ts';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [10_485_760, '10.5 MB'],
    [10_485_760_000, '10.5 GB'],
    [5e15, '5000.0 TB'],
  ])('%d is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('formatDuration', () => {
  it.each([
    [0, '0.0 s'],
    [440, '0.4 s'],
    [9949, '9.9 s'],
    [9950, '10 s'],
    [59_499, '59 s'],
    [59_500, '1 min 00 s'],
    [185_000, '3 min 05 s'],
    [7_620_000, '2 h 07 min'],
  ])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

it('counts one without an s', () => {
  expect([formatCount(1, 'layer'), formatCount(0, 'layer')]).toEqual(['1 layer', '0 layers']);
});

it('aligns columns and leaves no space at the end of a line', () => {
  expect(
    formatTable(
      ['A', 'LONG'],
      [
        ['first', 'x'],
        ['b', ''],
      ],
    ),
  ).toEqual(['A      LONG', 'first  x', 'b']);
});

it('leaves out fields without a value', () => {
  expect(
    formatFields([
      ['name', 'app'],
      ['logo', undefined],
      ['description', 'x'],
    ]),
  ).toEqual(['name         app', 'description  x']);
});
