import type { ForwardProxy } from './choose-proxy.ts';

/** Answers that another try does not change. */
const FINAL_STATUSES: readonly number[] = [400, 401, 403, 404, 405, 407];

/** A proxy, rather than what lies behind it, has failed or refused. The message names it, without its password. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  /** One imperative sentence for a user. */
  readonly hint: string;
  /** Whether trying again is useless. */
  readonly isFinal: boolean;

  private constructor(message: string, hint: string, isFinal: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.hint = hint;
    this.isFinal = isFinal;
  }

  /** The proxy answered a request for a tunnel, or for a page, with a status of its own. */
  static ofStatus(proxy: ForwardProxy, status: number, host: string): ProxyError {
    const { origin, variable } = proxy;
    const isFinal = FINAL_STATUSES.includes(status);
    if (status !== 407) {
      const message = `the proxy ${origin} does not connect to ${host}: it returned HTTP ${status}`;
      return new ProxyError(
        message,
        `Allow ${host} in the proxy, or add it to no_proxy if it can be reached without.`,
        isFinal,
      );
    }
    return proxy.authorization === undefined
      ? new ProxyError(
          `the proxy ${origin} requires a user and password (HTTP 407)`,
          `Set ${variable} to the proxy's URL with both: http://USER:PASSWORD@HOST:PORT.`,
          isFinal,
        )
      : new ProxyError(
          `the proxy ${origin} does not accept the user and password of ${variable} (HTTP 407)`,
          `Correct the user and password in ${variable}; percent-encode special characters.`,
          isFinal,
        );
  }

  /** The proxy could not be reached, or broke off. */
  static ofConnection({ origin, variable }: ForwardProxy, cause: unknown): ProxyError {
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    return new ProxyError(
      `no connection to the proxy ${origin}: ${reason}`,
      `Check ${variable}, and that the proxy runs.`,
      false,
      cause,
    );
  }
}
