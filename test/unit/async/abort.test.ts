import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  deriveAbort,
  isTimeoutError,
  onAbort,
  raceAbort,
  watchSilence,
  withDeadline,
} from '../../../src/async/abort.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new AbortController().signal;

const getReason = (error: unknown): unknown => error;

/** Ends by the signal only, and then with an error of its own, as a request does. */
function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    onAbort(signal, () => reject(new Error('the request was aborted')));
  });
}

describe('a listener', () => {
  test('is called at once when the signal has aborted', () => {
    const listener = vi.fn();
    onAbort(AbortSignal.abort(), listener);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  test('is not called after it is disposed', () => {
    const controller = new AbortController();
    const listener = vi.fn();
    onAbort(controller.signal, listener)();
    controller.abort();
    expect(listener).not.toHaveBeenCalled();
  });
});

describe('a derived signal', () => {
  test('follows the other one with its reason, until it is disposed', () => {
    const controller = new AbortController();
    const [followed, disposed] = [deriveAbort(controller.signal), deriveAbort(controller.signal)];
    disposed.dispose();
    controller.abort('reason');
    expect([followed.signal.reason, disposed.signal.aborted]).toEqual(['reason', false]);
    expect(deriveAbort(controller.signal).signal.reason).toBe('reason');
  });

  test('aborts alone', () => {
    const controller = new AbortController();
    const derived = deriveAbort(controller.signal);
    derived.abort('own');
    expect([derived.signal.reason, controller.signal.aborted]).toEqual(['own', false]);
  });
});

test('a race ends with the reason, though the work continues', async () => {
  const controller = new AbortController();
  const race = raceAbort(new Promise(() => undefined), controller.signal);
  controller.abort(new Error('reason'));
  await expect(race).rejects.toThrow('reason');
  expect(await raceAbort(Promise.resolve(1), never)).toBe(1);
});

describe('a deadline', () => {
  test('is a TimeoutError of its own, whatever the work throws', async () => {
    const done = withDeadline(never, 1500, hang).catch(getReason);
    await vi.advanceTimersByTimeAsync(1500);
    const error = await done;
    expect(error).toMatchObject({ message: 'no answer within 1.5 s' });
    expect(isTimeoutError(error)).toBe(true);
  });

  test('passes on what the work returns although it is over', async () => {
    const done = withDeadline(never, 1500, (inner) => hang(inner).catch(() => 'what is known by then'));
    await vi.advanceTimersByTimeAsync(1500);
    expect(await done).toBe('what is known by then');
  });

  test('passes on an abort with its reason, and other errors', async () => {
    const controller = new AbortController();
    const done = withDeadline(controller.signal, 1500, hang).catch(getReason);
    controller.abort(new Error('interrupted'));
    expect(await done).toMatchObject({ message: 'interrupted' });
    await expect(withDeadline(controller.signal, 1500, hang)).rejects.toThrow('interrupted');
    await expect(withDeadline(never, 1500, () => Promise.reject(new Error('own')))).rejects.toThrow('own');
  });

  test('aborts what the work has left running', async () => {
    const left = await withDeadline(never, 1500, async (inner) => inner);
    expect(left.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the watch for silence', () => {
  test('lets work that moves now and then take as long as it likes', async () => {
    const done = watchSilence(never, 1000, async (inner, onProgress) => {
      for (let count = 0; count < 100; count += 1) {
        await vi.advanceTimersByTimeAsync(900);
        onProgress();
      }
      return inner.aborted;
    });
    expect(await done).toBe(false);
  });

  test('ends silent work with an error that says for how long it was silent', async () => {
    const done = watchSilence(never, 1000, async (inner, onProgress) => {
      await vi.advanceTimersByTimeAsync(900);
      onProgress();
      await vi.advanceTimersByTimeAsync(1000);
      await hang(inner);
    });
    await expect(done).rejects.toThrow('nothing came for 1 s');
  });

  test('passes on an abort with its reason', async () => {
    const controller = new AbortController();
    const done = watchSilence(controller.signal, 1000, async (inner) => {
      controller.abort();
      inner.throwIfAborted();
    });
    await expect(done).rejects.toThrow('aborted');
  });
});
