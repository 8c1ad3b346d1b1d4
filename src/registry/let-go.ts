import { setImmediate as nextTurn } from 'node:timers/promises';

const MAX_SHORT_BYTES = 16 * 1024;

/**
 * Gives up an answer of which the status was all that is wanted. A short one is read: its connection is then free for the next request, which
 * saves the round trips of another one; giving it up would end the connection.
 */
export async function letGo({ body }: Response): Promise<void> {
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    // Leaving it gives it up.
    if (size > MAX_SHORT_BYTES) return;
  }
  await freeConnection();
}

/** Node's fetch uses a connection again from the turn of the event loop after the one in which an answer was read. */
export async function freeConnection(): Promise<void> {
  await nextTurn();
}
