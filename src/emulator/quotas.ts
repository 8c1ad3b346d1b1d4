import { CHOICES } from './choices.ts';
import { throttled } from './texts.ts';

interface Bucket {
  /** Requests that may come at once. */
  tokens: number;
  /** Epoch milliseconds of the last look. */
  at: number;
}

/** Requests per second, counted by account and kind: a bucket that fills steadily and holds what one second allows, see `CHOICES.quotaBurst`. */
export class Quotas {
  readonly #rates: Readonly<Record<string, number>>;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** `rates` are per second, by kind; what has none is not limited. `now` gives epoch milliseconds. */
  constructor(rates: Readonly<Record<string, number>>, now: () => number) {
    this.#rates = rates;
    this.#now = now;
  }

  /** Counts a request. Throws ThrottlingException when the account made too many of its kind. */
  take(kind: string, account: string): void {
    const rate = Object.hasOwn(this.#rates, kind) ? this.#rates[kind] : undefined;
    if (rate === undefined) return;
    const most = rate * CHOICES.quotaBurst.value;
    const bucket = `${account} ${kind}`;
    const now = this.#now();
    const { tokens, at } = this.#buckets.get(bucket) ?? { tokens: most, at: now };
    const filled = Math.min(most, tokens + (Math.max(0, now - at) / 1000) * rate);
    if (filled < 1) {
      this.#buckets.set(bucket, { tokens: filled, at: now });
      throw throttled();
    }
    this.#buckets.set(bucket, { tokens: filled - 1, at: now });
  }
}
