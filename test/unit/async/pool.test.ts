import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runPool } from '../../../src/async/pool.ts';
import { makeRandom } from '../../support/images.ts';

const never = new AbortController().signal;
const items = Array.from({ length: 50 }, (_, item) => item);

test.each([1, 3, 64])('works on every item once, in order, at most %i at a time', async (limit) => {
  const random = makeRandom(limit);
  const started: number[] = [];
  let running = 0;
  let mostRunning = 0;
  await runPool(items, limit, never, async (item) => {
    started.push(item);
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    for (let turns = Math.floor(random() * 5); turns >= 0; turns -= 1) await nextTurn();
    running -= 1;
  });
  expect(started).toEqual(items);
  expect(mostRunning).toBe(Math.min(limit, items.length));
});

/** Yields the items from a generator, which closes when a `for … of` over it is left. */
function* generate() {
  yield* items;
}

test.each([
  ['an array', () => items],
  ['a generator', generate],
])('throws the first failure of items of %s when the others, aborted by it, have ended', async (_, make) => {
  const ended: number[] = [];
  const done = runPool(make(), 3, never, async (item, signal) => {
    if (item === 4) throw new Error('the first failure');
    while (item > 4 && !signal.aborted) await nextTurn();
    ended.push(item);
    signal.throwIfAborted();
    if (item > 4) throw new Error('a later failure');
  });
  await expect(done).rejects.toThrow('the first failure');
  expect(ended.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, ...ended.filter((item) => item > 4)]);
  expect(ended.length).toBeLessThan(7);
});

test('throws the reason of an abort, and starts no further item', async () => {
  const controller = new AbortController();
  const started: number[] = [];
  const done = runPool(items, 2, controller.signal, async (item) => {
    started.push(item);
    if (item === 5) controller.abort(new Error('interrupted'));
    await nextTurn();
  });
  await expect(done).rejects.toThrow('interrupted');
  expect(started.length).toBeLessThan(8);
});
