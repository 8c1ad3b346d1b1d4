import { randomUUID } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** One line of the request log. It has either `operation` or `route`. */
export interface RequestLogEntry {
  /** The arrival of the request's headers, in RFC 3339. */
  readonly time: string;
  readonly operation?: string;
  /** The method and path of a request that is not an operation of the JSON API. */
  readonly route?: string;
  /** Present for requests to private ECR, and for downloads of its layers. */
  readonly service?: 'private';
  /** The HTTP status. 0 when there was no answer. */
  readonly status: number;
  /** The received bytes of the request's body. */
  readonly bytes: number;
  /** What the client calls itself. */
  readonly userAgent?: string;
  /** The time until the answer was ready. */
  readonly ms: number;
}

/** A request and its answer. Logged once, before the answer's last byte is sent, so that a client that has the answer finds its line. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId = randomUUID();
  /** Set as soon as the operation is known. */
  operation: string | undefined;
  bytes = 0;
  readonly #start = performance.now();
  readonly #time = new Date().toISOString();
  readonly #isPrivate: boolean;
  readonly #onRequest: (entry: RequestLogEntry) => void;
  #logged = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    isPrivate: boolean,
    onRequest: (entry: RequestLogEntry) => void,
  ) {
    this.#isPrivate = isPrivate;
    this.request = request;
    this.response = response;
    this.#onRequest = onRequest;
  }

  /** Sends the whole answer, unless the client has disconnected. */
  send(status: number, headers: OutgoingHttpHeaders, body: string | Buffer): void {
    if (this.response.destroyed) {
      this.log(0);
      return;
    }
    this.log(status);
    this.response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    this.response.end(body);
  }

  /** Sends the first half of an answer, then closes the connection. */
  sendHalf(status: number, headers: OutgoingHttpHeaders, body: string): void {
    this.log(status);
    const bytes = Buffer.from(body);
    this.response.writeHead(status, { ...headers, 'content-length': bytes.length });
    this.response.write(bytes.subarray(0, bytes.length / 2), () => this.request.socket.destroy());
  }

  /** Resets the connection without an answer. */
  reset(): void {
    this.log(0);
    this.request.socket.resetAndDestroy();
  }

  /** Logs the request. Only the first call has an effect. */
  log(status: number): void {
    if (this.#logged) return;
    this.#logged = true;
    const userAgent = this.request.headers['user-agent'];
    this.#onRequest({
      time: this.#time,
      ...(this.operation === undefined
        ? { route: `${this.request.method} ${nameRoute(this.request.url ?? '')}` }
        : { operation: this.operation }),
      ...(this.#isPrivate && { service: 'private' as const }),
      status,
      bytes: this.bytes,
      ...(userAgent !== undefined && { userAgent }),
      ms: Math.round((performance.now() - this.#start) * 10) / 10,
    });
  }
}

/** The path without its query. The rest of a `/download/` path grants access, so it stays out of the log. */
function nameRoute(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  return path.startsWith('/download/') ? '/download/' : path;
}
