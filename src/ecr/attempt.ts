import { deriveAbort, raceAbort } from '../async/abort.ts';
import { AttemptTimeout } from './attempt-timeout.ts';

/** An attempt of a call that carries nothing has so long, many times what the slowest of them takes. */
const MOST_MS = 2 * 60_000;
/** A link slower than this is none; all layers in flight share it. */
const LEAST_BYTES_PER_MS = 16;

/**
 * The longest that an attempt can take on any link that is one, in ms. It is for connections on which now and then a byte
 * moves, which the watch over silent ones never gives up.
 */
export function limitAttempt(bodyBytes: number, concurrency: number): number {
  return MOST_MS + (bodyBytes * concurrency) / LEAST_BYTES_PER_MS;
}

/** Makes one attempt; tells when all of the request is on its way, where that takes time. */
export type Send<Answer> = (signal: AbortSignal, onSent: () => void) => Promise<Answer>;

export interface AttemptLimits {
  /** For all of it, in ms. */
  readonly mostMs: number;
  /** Called when all of the request is on its way: for the answer, in ms. */
  readonly limitAnswer: () => number;
}

/**
 * Makes one attempt. Throws the signal's reason as soon as it is aborted, an `AttemptTimeout` when its time is over;
 * whatever `send` still does then, as asking for credentials, nobody waits for.
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
