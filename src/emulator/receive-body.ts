import type { IncomingMessage } from 'node:http';

/** A refused body is read up to here, because clients read the answer only after they have sent everything. */
export const MAX_READ_BYTES = 64 * 1024 * 1024;
/** Bodies up to this size are not counted: even one on every connection is little. */
const SMALL_BYTES = 64 * 1024;
/** The maximum time for a body. */
const MAX_BODY_MS = 300_000;

/** The announced length. 0 when none is announced. */
export function readAnnounced(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0);
}

/**
 * Waits until the budget has `bytes` for a request. Resolves to a function that returns them. The idle timeout is off meanwhile, because nothing is read
 * from the client.
 */
export async function reserveMemory(
  request: IncomingMessage,
  budget: BodyBudget,
  bytes: number,
): Promise<() => void> {
  if (bytes <= SMALL_BYTES) return () => undefined;
  const { socket } = request;
  const idleMs = socket.timeout ?? 0;
  socket.setTimeout(0);
  const release = await budget.take(bytes);
  socket.setTimeout(idleMs);
  return release;
}

/** Reads and discards a body, up to 64 MiB. Rejects when the client disconnects or is slow. */
export async function drainBody(
  request: IncomingMessage,
  onBytes: (count: number) => void = () => undefined,
): Promise<void> {
  let length = 0;
  await receiveBody(request, (chunk) => {
    onBytes(chunk.length);
    length += chunk.length;
    return length <= MAX_READ_BYTES;
  });
}

/**
 * Receives a body of at most `mostBytes`. Undefined when it is longer; then it stops after `mostRead` bytes and one chunk. Rejects when the
 * client disconnects or is slow.
 */
export async function collectBody(
  request: IncomingMessage,
  mostBytes: number,
  mostRead: number,
  onBytes: (count: number) => void,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  await receiveBody(request, (chunk) => {
    onBytes(chunk.length);
    length += chunk.length;
    if (length <= mostBytes) chunks.push(chunk);
    return length <= mostRead;
  });
  return length <= mostBytes ? Buffer.concat(chunks) : undefined;
}

/**
 * Passes each chunk of a body to `see`, until `see` returns false or the body ends. Rejects with the stream's error when the client disconnects or takes
 * more than five minutes.
 */
export async function receiveBody(request: IncomingMessage, see: (chunk: Buffer) => boolean): Promise<void> {
  const timer = setTimeout(() => request.destroy(), MAX_BODY_MS);
  try {
    await readChunks(request, see);
  } finally {
    clearTimeout(timer);
  }
}

/** Uses listeners, because async iteration makes promises for each of a layer part's hundreds of chunks. */
function readChunks(request: IncomingMessage, see: (chunk: Buffer) => boolean): Promise<void> {
  // The client may have disconnected while the request waited for the budget.
  if (request.destroyed) return Promise.reject(goneAway());
  return new Promise((resolve, reject) => {
    const stop = () => {
      for (const [event, listener] of listeners) request.off(event, listener);
    };
    const fail = (error: unknown) => {
      stop();
      reject(error);
    };
    const end = () => {
      stop();
      resolve();
    };
    const take = (chunk: Buffer) => {
      try {
        if (see(chunk)) return;
        request.pause();
        end();
      } catch (error) {
        fail(error);
      }
    };
    const listeners = [
      ['data', take],
      ['end', end],
      ['error', fail],
      ['close', () => fail(goneAway())],
    ] as const;
    for (const [event, listener] of listeners) request.on(event, listener);
  });
}

function goneAway(): Error {
  return new Error('The client closed the connection during a request');
}

/**
 * Limits how many bytes all requests hold together. A request waits, in order of arrival, until enough bytes are free. Each request asks once for
 * everything it needs, so none waits forever.
 */
export class BodyBudget {
  readonly #most: number;
  #free: number;
  readonly #waiting: { readonly bytes: number; readonly grant: () => void }[] = [];

  constructor(mostBytes: number) {
    this.#most = mostBytes;
    this.#free = mostBytes;
  }

  /** Waits for `bytes`. Resolves to a function that returns them, where only the first call counts. A request above the limit takes all of it. */
  async take(bytes: number): Promise<() => void> {
    const taken = Math.min(bytes, this.#most);
    if (this.#waiting.length > 0 || taken > this.#free) {
      await new Promise<void>((grant) => this.#waiting.push({ bytes: taken, grant }));
    } else {
      this.#free -= taken;
    }
    let held = taken;
    return () => {
      this.#free += held;
      held = 0;
      this.#grantNext();
    };
  }

  #grantNext(): void {
    for (
      let next = this.#waiting[0];
      next !== undefined && next.bytes <= this.#free;
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      this.#free -= next.bytes;
      next.grant();
    }
  }
}
