import type { ForwardProxy } from './choose-proxy.ts';

/** Answers that another attempt does not change. */
const FINAL_STATUSES: readonly number[] = [400, 401, 403, 404, 405, 407];

/** A proxy failed or refused, rather than the host behind it. The message names the proxy, without its password. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  /** One imperative sentence for the user. */
  readonly hint: string;
  /** True when another attempt is useless. */
  readonly isFinal: boolean;

  private constructor(message: string, hint: string, isFinal: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.hint = hint;
    this.isFinal = isFinal;
  }

  /** For a proxy that answered with a status of its own. */
  static ofStatus(proxy: ForwardProxy, status: number, host: string): ProxyError {
    const { origin, variable } = proxy;
    const isFinal = FINAL_STATUSES.includes(status);
    if (status !== 407) {
      const message = `the proxy ${origin} does not connect to ${host}: it returned HTTP ${status}`;
      return new ProxyError(
        message,
        `Allow ${host} in the proxy, or add it to no_proxy if it can be reached without the proxy.`,
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

  /** For a proxy that could not be reached, or closed the connection. */
  static ofConnection({ origin, variable }: ForwardProxy, cause: unknown): ProxyError {
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    return new ProxyError(
      `no connection to the proxy ${origin}: ${reason}`,
      `Check ${variable}, and whether the proxy runs.`,
      false,
      cause,
    );
  }
}

/** Codes of OpenSSL's and Node's errors about certificates and handshakes. */
const TLS_CODE = /^(ERR_)?(SSL|TLS|CERT|EPROTO|UNABLE|DEPTH|SELF|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH)/;

/** True when a code says that no trusted connection was made. */
export function isTlsCode(code: string): boolean {
  return TLS_CODE.test(code);
}

/** Later Nodes append advice about their own command line to what OpenSSL says. The hints of ecrp say what to do instead. */
export function dropAdvice(error: unknown): unknown {
  if (isTlsFailure(error)) error.message = error.message.replace(/; if the root CA is .*$/s, '');
  return error;
}

/** True when an error says that no trusted connection was made. */
export function isTlsFailure(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && isTlsCode(error.code);
}
