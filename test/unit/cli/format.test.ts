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

describe('a table on a terminal', () => {
  const headings = ['DIGEST', 'TAGS', 'SIZE', 'ADDRESS'];
  const rows = [
    ['sha256:12345678', '1.0, latest', '5 kB', 'host/app:1.0'],
    ['sha256:9abcdef0', '', '12 kB', 'host/app@sha256:9abcdef0'],
  ];

  it('is left alone if it fits', () => {
    expect(formatTable(headings, rows, 61)).toEqual(formatTable(headings, rows));
    expect(formatTable(headings, rows)[1]?.length).toBeLessThanOrEqual(61);
  });

  it('has its widest columns below each row if it does not fit', () => {
    expect(formatTable(headings, rows, 60)).toEqual([
      'DIGEST           TAGS         SIZE',
      '  ADDRESS',
      'sha256:12345678  1.0, latest  5 kB',
      '  host/app:1.0',
      'sha256:9abcdef0               12 kB',
      '  host/app@sha256:9abcdef0',
    ]);
    expect(formatTable(headings, rows, 20)).toEqual([
      'TAGS         SIZE',
      '  DIGEST',
      '  ADDRESS',
      '1.0, latest  5 kB',
      '  sha256:12345678',
      '  host/app:1.0',
      '             12 kB',
      '  sha256:9abcdef0',
      '  host/app@sha256:9abcdef0',
    ]);
  });

  it('has no line for an empty cell', () => {
    expect(
      formatTable(
        ['KEY', 'VALUE'],
        [
          ['a', 'x'.repeat(9)],
          ['b', ''],
        ],
        8,
      ),
    ).toEqual(['KEY', '  VALUE', 'a', `  ${'x'.repeat(9)}`, 'b']);
  });
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
