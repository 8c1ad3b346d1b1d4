import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createLanes, runInOrder } from '../../../src/async/ordered-lanes.ts';
import { makeRandom } from '../../support/images.ts';

it('starts tasks in order, never more than the lanes at a time, and continues after a failure', async () => {
  const random = makeRandom(1);
  const runInLane = createLanes(3)();
  const started: number[] = [];
  let running = 0;
  let mostRunning = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, task) =>
      runInLane(async () => {
        started.push(task);
        running += 1;
        mostRunning = Math.max(mostRunning, running);
        for (let turns = Math.floor(random() * 5); turns > 0; turns -= 1) await nextTurn();
        running -= 1;
        if (task % 7 === 0) throw new Error(`task ${task}`);
        return task;
      }),
    ),
  );
  expect(mostRunning).toBe(3);
  expect(started).toEqual(Array.from({ length: 50 }, (_, task) => task));
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(8);
});

it('lets the stream go first that was begun first, whenever its tasks come', async () => {
  const openStream = createLanes(1);
  const streams = [openStream(), openStream(), openStream()];
  const started: string[] = [];
  const tasks: Promise<void>[] = [];
  for (const task of ['a', 'b']) {
    for (const [stream, runInLane] of [...streams.entries()].reverse()) {
      tasks.push(
        runInLane(async () => {
          started.push(`${stream}${task}`);
          await nextTurn();
        }),
      );
    }
  }
  await Promise.all(tasks);
  // The very first one found the lane free.
  expect(started).toEqual(['2a', '0a', '0b', '1a', '1b', '2b']);
});

async function* count(to: number) {
  for (let item = 0; item < to; item += 1) yield item;
}

it('yields results in the order of the items, whichever is ready first, with a bounded number of jobs', async () => {
  const random = makeRandom(2);
  let running = 0;
  let mostRunning = 0;
  const results: number[] = [];
  const jobs = runInOrder(count(50), 4, async (item) => {
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    for (let turns = Math.floor(random() * 5); turns > 0; turns -= 1) await nextTurn();
    running -= 1;
    return item;
  });
  for await (const result of jobs) results.push(result);
  expect(results).toEqual(Array.from({ length: 50 }, (_, item) => item));
  expect(mostRunning).toBeLessThanOrEqual(5);
});

it('stops the jobs when their results are no longer read', async () => {
  const checks: (() => boolean)[] = [];
  const jobs = runInOrder(count(50), 4, async (item, isStopped) => {
    checks.push(isStopped);
    return item;
  });
  for await (const result of jobs) if (result === 2) break;
  expect(checks.every((isStopped) => isStopped())).toBe(true);
  expect(checks.length).toBeLessThanOrEqual(8);
});
