import { setMaxListeners } from 'node:events';

/** Calls `listener` once when the signal aborts, at once if it already has. Returns what stops listening. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

export interface DerivedAbort {
  /** Any number of calls may listen to it. */
  readonly signal: AbortSignal;
  readonly abort: (reason?: unknown) => void;
  /** Stops following the other signal. */
  readonly dispose: () => void;
}

/**
 * Derives a signal that follows another and that its owner can abort as well. It has the same reason. `AbortSignal.any` would do,
 * but Node warns on the console when more than ten calls listen to one signal.
 */
export function deriveAbort(signal: AbortSignal): DerivedAbort {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    dispose: onAbort(signal, () => controller.abort(signal.reason)),
  };
}

/** Settles as `work` does, or rejects with the signal's reason once it aborts: for work that takes no signal. */
export function raceAbort<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const dispose = onAbort(signal, () => reject(signal.reason));
    work.then(resolve, reject).finally(dispose);
  });
}

/**
 * Runs `use` with a derived signal that aborts after `timeoutMs`, and when `use` has ended. Waits for `use` to end. Throws the
 * signal's reason when that aborts, a `TimeoutError` when `use` fails after the deadline.
 */
export async function withDeadline<Result>(
  signal: AbortSignal,
  timeoutMs: number,
  use: (inner: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const timeout = makeTimeoutError(`no answer within ${roundSeconds(timeoutMs)} s`);
  return runTimed(signal, timeoutMs, timeout, async ({ signal: inner, abort }) => {
    try {
      return await use(inner);
    } finally {
      // Ends what `use` has left running.
      abort();
    }
  });
}

/**
 * Runs `use` with a derived signal that aborts when `use` has reported no progress for `silentMs`. Waits for `use` to end. Throws the
 * signal's reason when that aborts, a `TimeoutError` when `use` fails after the silence.
 */
export async function watchSilence<Result>(
  signal: AbortSignal,
  silentMs: number,
  use: (inner: AbortSignal, onProgress: () => void) => Promise<Result>,
): Promise<Result> {
  const timeout = makeTimeoutError(`nothing came for ${roundSeconds(silentMs)} s`);
  return runTimed(signal, silentMs, timeout, ({ signal: inner }, timer) =>
    use(inner, () => void timer.refresh()),
  );
}

async function runTimed<Result>(
  signal: AbortSignal,
  timeoutMs: number,
  timeout: Error,
  use: (derived: DerivedAbort, timer: NodeJS.Timeout) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const derived = deriveAbort(signal);
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    derived.abort(timeout);
  }, timeoutMs);
  try {
    return await use(derived, timer);
  } catch (error) {
    signal.throwIfAborted();
    throw isOver ? timeout : error;
  } finally {
    clearTimeout(timer);
    derived.dispose();
  }
}

/** Makes the error of a time limit that was exceeded. Its name is the one that the SDK and the platform use. */
export function makeTimeoutError(message: string): Error {
  return Object.assign(new Error(message), { name: 'TimeoutError' });
}

export function isTimeoutError(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

/** Converts milliseconds to seconds for a message, to a tenth. */
export function roundSeconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
