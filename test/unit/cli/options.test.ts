import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../src/cli/options.ts';

describe('a duration', () => {
  it.each([
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['2h', 7_200_000],
    ['1m30s', 90_000],
    ['500ms', 500],
    ['1s1ms', 1001],
    ['168h', 604_800_000],
    ['30', 30_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '0', 'm', '-5m', '1.5h', '5 m', '0s', '30m1h', '5M', '169h', '1h1h', '∞'])(
    '%j is refused',
    (text) => {
      expect(() => parseDuration(text)).toThrow(
        'It must be a duration such as 30 (seconds), 200ms, 90s, 5m or 1h30m',
      );
    },
  );
});
