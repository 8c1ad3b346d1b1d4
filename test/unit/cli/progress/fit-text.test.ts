import { describe, expect, it } from 'vitest';
import { cutEnd, cutStart, flowParts, measureText } from '../../../../src/cli/progress/fit-text.ts';

const texts = [
  'public.ecr.aws/a1b2c3d4/team/application:1.0',
  '公司/アプリケーション',
  'Cafe\u0301-'.repeat(8),
  '👩‍👩‍👧‍👦👍🏽🇨🇭 family',
  'x',
  '',
];

it('measures what a terminal shows', () => {
  expect(texts.map(measureText)).toEqual([44, 21, 40, 13, 1, 0]);
});

describe.each(texts)('%s', (text) => {
  it.each([1, 2, 3, 7, 12, 20, 39, 40, 44, 200])('is cut to %d columns, by whole characters', (columns) => {
    for (const short of [cutEnd(text, columns), cutStart(text, columns)]) {
      expect(measureText(short)).toBeLessThanOrEqual(columns);
      const kept = short.replace('…', '');
      expect(text.startsWith(kept) || text.endsWith(kept)).toBe(true);
      // A combining character stays with its letter.
      expect(kept).not.toMatch(/^\p{Mark}/u);
      if (measureText(text) <= columns) expect(short).toBe(text);
    }
  });
});

describe('parts that flow', () => {
  it('fill lines as long as there are some', () => {
    expect(flowParts(['one', 'two', 'three', 'four'], 10, 2)).toEqual(['one  two', 'three']);
    expect(flowParts(['one', 'two', 'three', 'four'], 11, 2)).toEqual(['one  two', 'three  four']);
    expect(flowParts(['one', 'two', 'three', 'four'], 80, 2)).toEqual(['one  two  three  four']);
  });

  it('are left out from the first that does not fit, but the first of all is cut', () => {
    expect(flowParts(['a long title', 'amount', 'rate'], 5, 2)).toEqual(['a lo…']);
    expect(flowParts([], 5, 2)).toEqual([]);
  });
});
