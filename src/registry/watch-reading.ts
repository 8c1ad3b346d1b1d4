import { deriveAbort, makeTimeoutError, roundSeconds } from '../async/abort.ts';

/**
 * Yields what `open` gives. Throws a `TimeoutError` and aborts the signal of `open` when fewer than `leastBytes` have come for `mostMs`,
 * opening included. The time that the consumer takes does not count. `onProgress` is called at each `leastBytes`. Throws the signal's
 * reason when that aborts.
 */
export async function* watchReading(
  signal: AbortSignal,
  mostMs: number,
  leastBytes: number,
  open: (inner: AbortSignal) => Promise<AsyncIterable<Buffer>>,
  onProgress: () => void,
): AsyncGenerator<Buffer, void, undefined> {
  signal.throwIfAborted();
  const derived = deriveAbort(signal);
  let timeout: Error | undefined;
  let isHeld = false;
  let isOverdue = false;
  let heldSinceMs = 0;
  let heldMs = 0;
  const expire = (): void => {
    if (isHeld) isOverdue = true;
    else if (heldMs > 0) wait(heldMs);
    else {
      timeout = makeTimeoutError(`too few bytes came for ${roundSeconds(mostMs)} s`);
      derived.abort(timeout);
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const wait = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(expire, ms);
    heldMs = 0;
  };
  wait(mostMs);
  let bytes = 0;
  try {
    for await (const chunk of await open(derived.signal)) {
      bytes += chunk.length;
      if (bytes >= leastBytes) {
        bytes = 0;
        wait(mostMs);
        onProgress();
      }
      isHeld = true;
      heldSinceMs = performance.now();
      yield chunk;
      isHeld = false;
      heldMs += performance.now() - heldSinceMs;
      if (isOverdue) {
        isOverdue = false;
        wait(heldMs);
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw timeout ?? error;
  } finally {
    clearTimeout(timer);
    derived.dispose();
  }
}
