import { CHOICES } from './choices.ts';
import { throttled } from './service-error.ts';

interface Bucket {
  /** The number of requests that may come now. */
  tokens: number;
  /** The time of the last request, in epoch milliseconds. */
  at: number;
}

/** Limits requests per second by account and kind, with one token bucket for each. See `CHOICES.quotaBurst`. */
export class Quotas {
  readonly #rates: Readonly<Record<string, number>>;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** `rates` are per second, by kind. A kind without a rate is not limited. `now` returns epoch milliseconds. */
  constructor(rates: Readonly<Record<string, number>>, now: () => number) {
    this.#rates = rates;
    this.#now = now;
  }

  /** Counts a request. Throws ThrottlingException when the account has no token left for this kind. */
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
