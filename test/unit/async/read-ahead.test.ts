import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { readAhead } from '../../../src/async/read-ahead.ts';

/** Counts from 1; fails instead of giving `failsAt`. Tells what it has begun to make, and when it has ended. */
function count(steps: string[], failsAt = 0) {
  return async function* (isClosed: () => boolean) {
    try {
      for (let item = 1; item <= 5; item += 1) {
        steps.push(`begin ${item}`);
        await turn();
        if (isClosed()) return;
        if (item === failsAt) throw new Error('failed');
        yield item;
      }
    } finally {
      steps.push('end');
    }
  };
}

describe('reading ahead', () => {
  test.each([1, 2, 7])('gives every item once, %i ahead', async (depth) => {
    const parts = readAhead(count([]));
    const items: unknown[] = [];
    for (let item = await parts.next(); item !== undefined; item = await parts.next()) {
      items.push(item);
      expect(await parts.prefetch(depth)).toBe(item === 5 ? undefined : item + 1);
    }
    expect(items).toEqual([1, 2, 3, 4, 5]);
    expect(await parts.prefetch(depth)).toBeUndefined();
  });

  test.each([1, 2])('makes %i and no more', async (depth) => {
    const steps: string[] = [];
    const parts = readAhead(count(steps));
    await parts.next();
    for (let time = 0; time < 2; time += 1) await parts.prefetch(depth);
    for (let turns = 0; turns < 9; turns += 1) await turn();
    expect(steps).toEqual(['begin 1', 'begin 2', 'begin 3'].slice(0, 1 + depth));
  });

  test('fails where the item is asked for, and nowhere else', async () => {
    const parts = readAhead(count([], 3));
    await parts.next();
    await parts.prefetch(2);
    // An item fails before it is requested.
    for (let turns = 0; turns < 9; turns += 1) await turn();
    expect(await parts.next()).toBe(2);
    expect(await parts.prefetch(2)).toBeUndefined();
    await expect(parts.next()).rejects.toThrow('failed');
  });

  test('ends when what is being made has ended', async () => {
    const steps: string[] = [];
    const parts = readAhead(count(steps));
    await parts.next();
    void parts.prefetch(2);
    await parts.close();
    expect(steps).toEqual(['begin 1', 'begin 2', 'end']);
  });
});
