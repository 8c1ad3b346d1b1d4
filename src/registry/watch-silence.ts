/**
 * Runs `use` with a signal that follows another, and that aborts when `use` has reported no progress for `silentMs`; that is
 * thrown as an `Error` then.
 */
export async function watchSilence<Result>(
  signal: AbortSignal,
  silentMs: number,
  use: (inner: AbortSignal, onProgress: () => void) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const follow = (): void => stop.abort();
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = true;
    stop.abort();
  }, silentMs);
  signal.addEventListener('abort', follow, { once: true });
  try {
    signal.throwIfAborted();
    return await use(stop.signal, () => timer.refresh());
  } catch (error) {
    throw isSilent ? new Error(`nothing came for ${Math.round(silentMs / 100) / 10} s`) : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', follow);
  }
}
