import { setImmediate as nextTurn } from 'node:timers/promises';

const MAX_SHORT_BYTES = 16 * 1024;

/**
 * Gives up an answer of which the status was all that is wanted. One that says to be short is read: its connection is then free for the next
 * request, which saves the round trips of another one; giving it up would end the connection.
 */
export async function letGo(response: Response): Promise<void> {
  const length = Number(response.headers.get('content-length') ?? Number.POSITIVE_INFINITY);
  if (length > MAX_SHORT_BYTES) {
    await response.body?.cancel();
    return;
  }
  // That it is cut short is no matter.
  await response.arrayBuffer().catch(() => undefined);
  await freeConnection();
}

/** Node's fetch uses a connection again from the turn of the event loop after the one in which an answer was read. */
export async function freeConnection(): Promise<void> {
  await nextTurn();
}
