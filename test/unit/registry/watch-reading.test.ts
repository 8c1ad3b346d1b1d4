import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { onAbort } from '../../../src/async/abort.ts';
import { watchReading } from '../../../src/registry/watch-reading.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LIMIT_MS = 60_000;
const LEAST = 1000;

/** Gives chunks of these sizes, each after a wait of `afterMs`, and then never ends. */
async function* drip(
  signal: AbortSignal,
  sizes: readonly number[],
  afterMs: number,
): AsyncGenerator<Buffer, void, undefined> {
  const aborted = new Promise<never>((_, reject) => {
    onAbort(signal, () => reject(new Error('the connection was aborted')));
  });
  aborted.catch(() => undefined);
  for (const size of sizes) {
    await Promise.race([aborted, new Promise((resolve) => setTimeout(resolve, afterMs))]);
    yield Buffer.alloc(size);
  }
  await aborted;
}

/** Reads under a watch, as `readContent` does. */
async function* readWatched(
  signal: AbortSignal,
  open: (inner: AbortSignal) => AsyncIterable<Buffer>,
  onProgress: () => void = () => undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const watch = watchReading(signal, LIMIT_MS, LEAST, onProgress);
  try {
    for await (const chunk of open(watch.signal)) {
      watch.note(chunk.length);
      watch.hold();
      yield chunk;
      watch.resume();
    }
  } catch (error) {
    throw watch.explain(error);
  } finally {
    watch.end();
  }
}

/** Reads what `drip` gives, holding each chunk for `heldMs`. */
async function read(sizes: readonly number[], afterMs: number, heldMs = 0) {
  const outcome = { bytes: 0, progress: 0, error: undefined as unknown };
  const reading = (async () => {
    const { signal } = new AbortController();
    const open = (inner: AbortSignal) => drip(inner, sizes, afterMs);
    const onProgress = () => {
      outcome.progress += 1;
    };
    for await (const chunk of readWatched(signal, open, onProgress)) {
      outcome.bytes += chunk.length;
      if (heldMs > 0) await new Promise((resolve) => setTimeout(resolve, heldMs));
    }
  })().catch((error: unknown) => {
    outcome.error = error;
  });
  await vi.advanceTimersByTimeAsync(24 * 3_600_000);
  await reading;
  return outcome;
}

describe('a reading ends', () => {
  test('when nothing comes', async () => {
    const { error, bytes } = await read([], 0);
    expect(error).toMatchObject({ name: 'TimeoutError', message: 'too few bytes came for 60 s' });
    expect(bytes).toBe(0);
  });

  test('when so little comes that it would never end', async () => {
    const { error, bytes, progress } = await read(Array(100_000).fill(1), 1000);
    expect(error).toMatchObject({ name: 'TimeoutError' });
    expect([bytes, progress]).toEqual([59, 0]);
  });

  test('when it falls silent after progress', async () => {
    const { error, bytes, progress } = await read(Array(10).fill(LEAST), 50_000);
    expect(error).toMatchObject({ name: 'TimeoutError' });
    expect([bytes, progress]).toEqual([10 * LEAST, 10]);
  });
});

test('the time that its consumer takes does not count', async () => {
  const { error, bytes } = await read(Array(10).fill(1), 1000, 10 * LIMIT_MS);
  expect(bytes).toBe(10);
  expect(error).toMatchObject({ name: 'TimeoutError' });
});

test('the reason of the signal is thrown as it is', async () => {
  const controller = new AbortController();
  const open = (inner: AbortSignal) => drip(inner, [], 0);
  const reading = readWatched(controller.signal, open).next();
  controller.abort(new Error('by you'));
  await expect(reading).rejects.toThrow('by you');
  expect(vi.getTimerCount()).toBe(0);
});

test('nothing is left when the consumer stops', async () => {
  const { signal } = new AbortController();
  const open = (inner: AbortSignal) => drip(inner, [1, 1], 0);
  const reading = readWatched(signal, open);
  const first = reading.next();
  await vi.advanceTimersByTimeAsync(1);
  await first;
  await reading.return();
  expect(vi.getTimerCount()).toBe(0);
});
