import { runPool } from '../../../async/pool.ts';
import { toEcrpError } from '../../explain-thrown.ts';
import { MOST_QUESTIONS } from '../../open-remote.ts';
import { isEnding, type Tried } from '../push/try-each.ts';

/**
 * Asks a question about each item, several at a time. An error of one item does not stop the others, unless the credentials fail or the user
 * interrupts: that is thrown. Keeps the order of the items.
 */
export async function tryTogether<Item extends { readonly name: string }, Result>(
  items: readonly Item[],
  ask: (item: Item, signal: AbortSignal) => Promise<Result>,
  signal: AbortSignal,
): Promise<readonly Tried<Result>[]> {
  const tried = new Map<Item, Tried<Result>>();
  await runPool(items, MOST_QUESTIONS, signal, async (item, inner) => {
    const { name } = item;
    try {
      tried.set(item, { name, result: await ask(item, inner) });
    } catch (thrown) {
      const error = toEcrpError(thrown, inner);
      if (isEnding(error)) throw error;
      tried.set(item, { name, error });
    }
  });
  return items.flatMap((item) => tried.get(item) ?? []);
}
