import type { IncomingMessage } from 'node:http';
import type { ByteBudget } from './byte-budget.ts';

/** A refused body is read up to here, because clients read the answer only after they sent everything. */
export const MAX_READ_BYTES = 64 * 1024 * 1024;
/** Bodies up to this size take no part in the budget: even one on every connection is little. */
const SMALL_BYTES = 64 * 1024;
/** How long a body may take. */
const MAX_BODY_MS = 300_000;

/** The announced length; 0 when none is announced. */
export function readAnnounced(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0);
}

/**
 * Waits until the budget has `bytes` for a request. Resolves to a function that gives them back. Nothing is read from the client meanwhile, so the idle
 * timeout is off.
 */
export async function reserveMemory(
  request: IncomingMessage,
  budget: ByteBudget,
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

/** Reads a body to its end, or 64 MiB of it, and keeps nothing. Rejects when the client disconnects or is slow. */
export async function discardBody(
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
 * Passes every chunk of a body to `see`, until `see` returns false or the body ends. Rejects with the stream's error when the client disconnects or takes
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

/** Listens instead of iterating: a layer part has hundreds of chunks, and iterating makes promises for each. */
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
  return new Error('The connection was closed in the midst of a request');
}
