import { randomUUID } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** One line of the request log. Exactly one of `operation` and `route` is there. */
export interface RequestLogEntry {
  /** RFC 3339; when the request's headers had come in. */
  readonly time: string;
  readonly operation?: string;
  /** Method and path of what is no operation of the JSON API. */
  readonly route?: string;
  /** Of the HTTP answer; 0 when there was none. */
  readonly status: number;
  /** Of the request's body, as received. */
  readonly bytes: number;
  /** Until the answer was ready. */
  readonly ms: number;
}

/** A request and its answer; logged once, before the answer's last byte is out, so that whoever has the answer finds its line. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId = randomUUID();
  /** Named as soon as it is known. */
  operation: string | undefined;
  bytes = 0;
  readonly #start = performance.now();
  readonly #time = new Date().toISOString();
  readonly #onRequest: (entry: RequestLogEntry) => void;
  #logged = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    onRequest: (entry: RequestLogEntry) => void,
  ) {
    this.request = request;
    this.response = response;
    this.#onRequest = onRequest;
  }

  /** Sends the whole answer, unless the client has gone. */
  send(status: number, headers: OutgoingHttpHeaders, body: string | Buffer): void {
    if (this.response.destroyed) {
      this.log(0);
      return;
    }
    this.log(status);
    this.response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    this.response.end(body);
  }

  /** Sends the first half of an answer, and cuts the connection. */
  sendHalf(status: number, headers: OutgoingHttpHeaders, body: string): void {
    this.log(status);
    const bytes = Buffer.from(body);
    this.response.writeHead(status, { ...headers, 'content-length': bytes.length });
    this.response.write(bytes.subarray(0, bytes.length / 2), () => this.request.socket.destroy());
  }

  /** Cuts the connection without an answer. */
  reset(): void {
    this.log(0);
    this.request.socket.resetAndDestroy();
  }

  /** Only the first call has an effect. */
  log(status: number): void {
    if (this.#logged) return;
    this.#logged = true;
    this.#onRequest({
      time: this.#time,
      ...(this.operation === undefined
        ? { route: `${this.request.method} ${nameRoute(this.request.url ?? '')}` }
        : { operation: this.operation }),
      status,
      bytes: this.bytes,
      ms: Math.round((performance.now() - this.#start) * 10) / 10,
    });
  }
}

/** The path. What follows `/download/` lets everybody read, so it is no matter for a log. */
function nameRoute(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  return path.startsWith('/download/') ? '/download/' : path;
}
