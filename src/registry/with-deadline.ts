/**
 * Runs `use` with a signal that follows another, and that aborts when the time is over. Not `AbortSignal.any`: `fetch`
 * writes its own stack into the reason, and that error is shown to users.
 */
export async function withDeadline<Result>(
  signal: AbortSignal,
  timeoutMs: number | undefined,
  use: (inner: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  const timeout = timeoutMs === undefined ? undefined : setTimeout(abort, timeoutMs);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    return await use(stop.signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timeout);
    signal.removeEventListener('abort', abort);
    // Whatever of it still runs, nobody waits for it.
    abort();
  }
}
