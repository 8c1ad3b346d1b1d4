import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ByteQueue, QueueBudget } from '../../../src/async/byte-queue.ts';

const LIMIT = 10_000;

function makeQueue() {
  const controller = new AbortController();
  const queue = new ByteQueue(new QueueBudget(LIMIT, controller.signal), controller.signal);
  return { controller, queue };
}

describe('a byte queue', () => {
  test('gives the chunks in order, then undefined', async () => {
    const { queue } = makeQueue();
    for (const text of ['a', 'b', 'c']) await queue.write(Buffer.from(text));
    queue.end();
    const read = [await queue.next(), await queue.next(), await queue.next(), await queue.next()];
    expect(read.map(String)).toEqual(['a', 'b', 'c', 'undefined']);
  });

  test.each([1, 100, 3000])('holds at most its budget and one chunk, of %i bytes', async (size) => {
    const { queue } = makeQueue();
    let written = 0;
    const writing = (async () => {
      for (; written < 200; written += 1) await queue.write(Buffer.alloc(size));
      queue.end();
    })();
    let read = 0;
    let mostBytes = 0;
    for (;;) {
      for (let turns = 0; turns < 3; turns += 1) await nextTurn();
      mostBytes = Math.max(mostBytes, (written - read) * size);
      if ((await queue.next()) === undefined) break;
      read += 1;
    }
    await writing;
    expect(read).toBe(200);
    expect(mostBytes).toBeLessThanOrEqual(LIMIT + size);
  });

  test('ends the wait of both sides with the reason of an abort', async () => {
    const { controller, queue } = makeQueue();
    const reading = queue.next();
    controller.abort(new Error('interrupted'));
    await expect(reading).rejects.toThrow('interrupted');
    await expect(queue.write(Buffer.alloc(1))).rejects.toThrow('interrupted');
  });

  test('ends the wait of the reader when it is cancelled', async () => {
    const { queue } = makeQueue();
    await queue.write(Buffer.from('a'));
    const reading = [queue.next(), queue.next()];
    queue.cancel();
    expect(String(await reading[0])).toBe('a');
    await expect(reading[1]).rejects.toThrow('the byte queue was cancelled');
  });
});
