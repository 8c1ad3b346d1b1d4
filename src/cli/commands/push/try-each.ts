import { EcrpError } from '../../../errors.ts';
import { toEcrpError } from '../../explain-thrown.ts';

/** The outcome of one of several items. `name` is for messages. */
export type Tried<Result> =
  | { readonly name: string; readonly result: Result }
  | { readonly name: string; readonly error: EcrpError };

/** Whether every later item would run into the same error. */
export function isEnding({ code }: EcrpError): boolean {
  return code === 'AUTH' || code === 'INTERRUPTED';
}

/**
 * Runs the items one after the other. An error of one item does not stop the others, unless the credentials fail or the user interrupts: then
 * the later items get an error that says so. Never rejects.
 */
export async function tryEach<Item extends { readonly name: string }, Result>(
  items: readonly Item[],
  run: (item: Item, index: number) => Promise<Result>,
  signal: AbortSignal,
): Promise<readonly Tried<Result>[]> {
  const tried: Tried<Result>[] = [];
  let ending: { readonly name: string; readonly error: EcrpError } | undefined;
  for (const [index, item] of items.entries()) {
    const { name } = item;
    if (ending !== undefined) {
      tried.push({ name, error: makeFollowing(ending.name, ending.error) });
      continue;
    }
    try {
      tried.push({ name, result: await run(item, index) });
    } catch (thrown) {
      const error = toEcrpError(thrown, signal);
      tried.push({ name, error });
      if (isEnding(error)) ending = { name, error };
    }
  }
  return tried;
}

function makeFollowing(name: string, { code, signal }: EcrpError): EcrpError {
  const why =
    code === 'AUTH' ? `the credentials failed at ${name}` : `the command was interrupted at ${name}`;
  return new EcrpError(code, `not sent: ${why}`, { signal });
}
