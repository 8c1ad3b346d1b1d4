import type { IncomingMessage } from 'node:http';
import type { ByteBudget } from './byte-budget.ts';

/** Up to here a body that is too large, or not wanted, is read to its end, as clients look for an answer only then. */
export const MAX_READ_BYTES = 64 * 1024 * 1024;
/** Bodies up to here do not wait for others: as many as there may be connections are no burden. */
const SMALL_BYTES = 64 * 1024;
/** How long a body may take. */
const MAX_BODY_MS = 300_000;

/** Length that is announced; 0 also for a body of a length that is not. */
export function readAnnounced(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0);
}

/**
 * Waits until so many bytes of a request may be held, and gives how to give them back. The client is not read from meanwhile, so it is not idle either.
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

/** Reads a body to its end, or at most 64 MiB of it, and keeps nothing. Rejects when the client goes away or is slow. */
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
 * Gives every chunk of a body to `see`, until that says no or the body has ended. Rejects with the stream's error when the client goes away, or takes more
 * than five minutes.
 */
export async function receiveBody(request: IncomingMessage, see: (chunk: Buffer) => boolean): Promise<void> {
  const timer = setTimeout(() => request.destroy(), MAX_BODY_MS);
  try {
    await readChunks(request, see);
  } finally {
    clearTimeout(timer);
  }
}

/** Of a layer part there are hundreds of chunks, and listening makes no promises for each, as iterating does. */
function readChunks(request: IncomingMessage, see: (chunk: Buffer) => boolean): Promise<void> {
  // It may have gone away while others were being read.
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
