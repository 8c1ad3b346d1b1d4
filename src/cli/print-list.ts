import { exitStatusOf } from '../errors.ts';
import { formatJson } from '../foreign-text.ts';
import type { Io } from '../io.ts';
import { toEcrpError } from './explain-thrown.ts';
import { describeError, type Outcome, type OutputStyle, printError, type ResultMembers } from './output.ts';
import { PIECE_CHARS, writeText } from './write-text.ts';

/** A JSON document with a list that is printed while it is read, so that memory stays flat. */
export interface StreamedList {
  /** Members before the list. */
  readonly head?: ResultMembers | undefined;
  /** Name of the list. */
  readonly member: string;
  readonly items: AsyncIterable<ResultMembers> | Iterable<ResultMembers>;
  /** Members after the list. Called at its end, and not if the list breaks off. */
  readonly tail?: (() => ResultMembers) | undefined;
}

/**
 * Prints the document. A list that breaks off is closed, and `error` and `exitStatus` follow it. Throws what the first item throws: nothing
 * is printed then. Ends early when the reader of standard output has gone away.
 */
export async function printList(io: Io, style: OutputStyle, list: StreamedList): Promise<Outcome> {
  const { head = {}, member, items, tail } = list;
  const iterator = iterate(items);
  let next = await iterator.next();
  let piece = `${formatJson({ schemaVersion: 1, ...head }).slice(0, -1)},${JSON.stringify(member)}:[`;
  let separator = '';
  let end: ResultMembers | undefined;
  let exitStatus = 0;
  while (end === undefined) {
    if (next.done) {
      end = tail?.() ?? {};
      break;
    }
    piece += separator + formatJson(next.value);
    separator = ',';
    if (piece.length >= PIECE_CHARS) {
      if (!(await writeText(io.stdout, piece))) {
        await iterator.return?.();
        return {};
      }
      piece = '';
    }
    try {
      next = await iterator.next();
    } catch (thrown) {
      const error = toEcrpError(thrown, io.signal);
      exitStatus = exitStatusOf(error);
      end = { error: describeError(error), exitStatus };
      // Annotations are on standard error, in text.
      if (style.annotations) await printError(io, { ...style, json: false }, error);
    }
  }
  const rest = formatJson(end).slice(1);
  await writeText(io.stdout, `${piece}]${rest === '}' ? '' : ','}${rest}\n`);
  return { exitStatus };
}

function iterate(items: StreamedList['items']): AsyncIterator<ResultMembers> | Iterator<ResultMembers> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}
