import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Pages between two collections of garbage: at most 100 for a full repository. */
const PAGES_PER_COLLECTION = 10;

/**
 * Yields the items of pages one by one, and keeps none. Node would let the garbage of a long list grow by 40 MiB before it collects it, so
 * this asks for it every ten pages.
 */
export async function* eachItem<Item>(pages: AsyncIterable<readonly Item[]>): AsyncGenerator<Item> {
  let count = 0;
  for await (const page of pages) {
    yield* page;
    count += 1;
    if (count % PAGES_PER_COLLECTION === 0) collectGarbage();
  }
}

/** Node offers the function to a new context alone, if the flag is set after its start. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('globalThis.gc');
  if (typeof collect === 'function') collect();
}
