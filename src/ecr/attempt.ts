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
 * Makes one attempt. Throws the signal's reason as soon as it is aborted, a `TimeoutError` when its time is over;
 * whatever `send` still does then, as asking for credentials, nobody waits for.
 */
export function makeAttempt<Answer>(
  send: Send<Answer>,
  { mostMs, limitAnswer }: AttemptLimits,
  signal: AbortSignal,
): Promise<Answer> {
  const stop = new AbortController();
  return new Promise<Answer>((resolve, reject) => {
    const end = (reason: unknown): void => {
      reject(reason);
      stop.abort(reason);
    };
    const follow = (): void => end(signal.reason);
    const start = (ms: number): NodeJS.Timeout => {
      const text = `no complete answer came within ${formatSeconds(ms)}`;
      return setTimeout(() => end(makeTimeout(text)), Math.max(1, ms));
    };
    let timer = start(mostMs);
    const onSent = (): void => {
      clearTimeout(timer);
      timer = start(limitAnswer());
    };
    signal.addEventListener('abort', follow, { once: true });
    Promise.resolve(stop.signal)
      .then((inner) => send(inner, onSent))
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', follow);
      });
  });
}

function formatSeconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

/** The error of a time that is over; its name is the SDK's own for that. */
export function makeTimeout(message: string): Error {
  return Object.assign(new Error(message), { name: 'TimeoutError' });
}
