import { raceAbort } from '../../async/abort.ts';
import { EcrpError } from '../../errors.ts';

interface TokenRequest {
  readonly value: Promise<string>;
  /** Of the upload that made the request. */
  readonly signal: AbortSignal;
}

/** The authorization that all uploads of a push share: requested once, and again when the registry refuses it. */
export class AccountToken {
  readonly #registryHost: string;
  readonly #request: (signal: AbortSignal) => Promise<string>;
  #current: TokenRequest | undefined;
  #value: string | undefined;
  #isAccepted = false;

  /** `request` gets a value for the header `Authorization`. It is secret. */
  constructor(registryHost: string, request: (signal: AbortSignal) => Promise<string>) {
    this.#registryHost = registryHost;
    this.#request = request;
  }

  /** Throws what the request for it failed with. The next call requests it again. */
  async get(signal: AbortSignal): Promise<string> {
    for (;;) {
      this.#current ??= { value: this.#start(signal), signal };
      const current = this.#current;
      try {
        return await raceAbort(current.value, signal);
      } catch (error) {
        // An upload may be cancelled while others wait for what it requested.
        if (signal.aborted || !current.signal.aborted) throw error;
      }
    }
  }

  /** Notes that the registry took a request with this value. */
  accept(value: string): void {
    if (value === this.#value) this.#isAccepted = true;
  }

  /** Drops a value that the registry refused: it has expired. Throws AUTH for one that it has never taken. */
  refuse(value: string, reason: string): void {
    if (value !== this.#value) return;
    if (!this.#isAccepted) throw this.explainRefusal(reason);
    this.#current = undefined;
  }

  explainRefusal(reason: string): EcrpError {
    return new EcrpError(
      'AUTH',
      `${this.#registryHost} does not take the token that GetAuthorizationToken gave: ${reason}`,
      { hint: 'Check whether the registry belongs to the endpoint, or push without --transport registry.' },
    );
  }

  async #start(signal: AbortSignal): Promise<string> {
    try {
      const value = await this.#request(signal);
      this.#value = value;
      this.#isAccepted = false;
      return value;
    } catch (error) {
      this.#current = undefined;
      throw error;
    }
  }
}
