import { deriveAbort, raceAbort, roundSeconds } from '../async/abort.ts';

/** Time limit for an attempt without a body: many times what the slowest one takes. */
const BODILESS_MS = 2 * 60_000;
/** The slowest link to support. All layers in flight share it. */
const LEAST_BYTES_PER_MS = 16;

/**
 * Computes how long an attempt can take on the slowest link, in ms. It ends connections on which a byte moves now and then: the
 * watch for silence never does.
 */
export function limitAttempt(bodyBytes: number, concurrency: number): number {
  return BODILESS_MS + (bodyBytes * concurrency) / LEAST_BYTES_PER_MS;
}

/** Makes one attempt. Calls `onSent` when the whole request is on its way, where that takes time. */
export type Send<Answer> = (signal: AbortSignal, onSent: () => void) => Promise<Answer>;

export interface AttemptLimits {
  /** For the whole attempt, in ms. */
  readonly mostMs: number;
  /** Called when the whole request is on its way. Returns the limit for the answer, in ms. */
  readonly limitAnswer: () => number;
}

/**
 * Makes one attempt. Throws the signal's reason as soon as it aborts, an `AttemptTimeout` when its time is over. Does not wait then for
 * what `send` still does, such as asking for credentials.
 */
export async function makeAttempt<Answer>(
  send: Send<Answer>,
  { mostMs, limitAnswer }: AttemptLimits,
  signal: AbortSignal,
): Promise<Answer> {
  signal.throwIfAborted();
  const { signal: inner, abort, dispose } = deriveAbort(signal);
  const start = (ms: number): NodeJS.Timeout =>
    setTimeout(() => abort(new AttemptTimeout('complete answer', ms)), Math.max(1, ms));
  let timer = start(mostMs);
  const onSent = (): void => {
    clearTimeout(timer);
    timer = start(limitAnswer());
  };
  try {
    return await raceAbort(send(inner, onSent), inner);
  } finally {
    clearTimeout(timer);
    dispose();
  }
}

/**
 * An attempt took too long. `what` did not come: a `connection`, an `answer`, or a `complete answer` where some of it may have come.
 * Its name is the one that the SDK uses.
 */
export class AttemptTimeout extends Error {
  override readonly name = 'TimeoutError';
  readonly what: 'connection' | 'answer' | 'complete answer';
  readonly waitedMs: number;

  constructor(what: AttemptTimeout['what'], waitedMs: number) {
    super(`no ${what} within ${roundSeconds(waitedMs)} s`);
    this.what = what;
    this.waitedMs = waitedMs;
  }
}
