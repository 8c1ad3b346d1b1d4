import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchSilence } from '../../../src/registry/watch-silence.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const { signal } = new AbortController();

test('what moves now and then may take as long as it likes', async () => {
  const done = watchSilence(signal, 1000, async (inner, onProgress) => {
    for (let count = 0; count < 100; count += 1) {
      await vi.advanceTimersByTimeAsync(900);
      onProgress();
    }
    return inner.aborted;
  });
  expect(await done).toBe(false);
});

test('what is silent is ended, and the error says for how long it was', async () => {
  const done = watchSilence(signal, 1000, async (inner, onProgress) => {
    await vi.advanceTimersByTimeAsync(900);
    onProgress();
    await vi.advanceTimersByTimeAsync(1000);
    inner.throwIfAborted();
  });
  await expect(done).rejects.toThrow('nothing came for 1 s');
});

test('an abort is passed on, and its error is not another', async () => {
  const controller = new AbortController();
  const done = watchSilence(controller.signal, 1000, async (inner) => {
    controller.abort();
    inner.throwIfAborted();
  });
  await expect(done).rejects.toThrow('aborted');
});
