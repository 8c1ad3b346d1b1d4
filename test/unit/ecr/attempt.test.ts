import { describe, expect, test } from 'vitest';
import { limitAttempt } from '../../../src/ecr/attempt.ts';

const MIB = 1024 * 1024;

describe('the limit of an attempt', () => {
  test('is minutes for one that carries nothing', () => {
    expect(limitAttempt(0, 4)).toBe(120_000);
  });

  test.each([1, 4, 64])('lets a part through a modem that %i layers share', (concurrency) => {
    const bodyBytes = 14 * MIB;
    const modemBytesPerMs = 20 / concurrency;
    expect(limitAttempt(bodyBytes, concurrency)).toBeGreaterThan(bodyBytes / modemBytesPerMs);
  });

  test('ends one in which a byte moves now and then', () => {
    const trickleBytesPerMs = 1;
    expect(limitAttempt(14 * MIB, 4)).toBeLessThan((14 * MIB) / trickleBytesPerMs);
  });
});
