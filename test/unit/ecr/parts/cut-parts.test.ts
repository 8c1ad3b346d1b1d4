import { describe, expect, test } from 'vitest';
import { FillTurns } from '../../../../src/ecr/parts/fill-turns.ts';
import { cutParts, ringParts } from '../../../../src/ecr/parts/part-reader.ts';
import { fakeService } from '../../../support/fake-service.ts';

const capacity = 3;

/** Cuts the chunks of a layer, noting each byte as its part gets it. Gives what to note and the parts' sizes. */
function cutLayer(turns: FillTurns, note: (step: string) => void, chunks: AsyncIterable<Buffer>) {
  const service = fakeService(capacity);
  const ring = ringParts(() => {
    const part = service.createPart(capacity);
    return {
      ...part,
      get size() {
        return part.size;
      },
      append: (bytes: Buffer) => {
        note(bytes.toString());
        return part.append(bytes);
      },
    };
  });
  return cutParts(chunks, { capacity, ring, turns }, () => false);
}

async function* readLetters(text: string): AsyncGenerator<Buffer> {
  for (const letter of text) {
    // As of a file: every chunk comes in a later turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    yield Buffer.from(letter);
  }
}

async function countParts(parts: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of parts) count += 1;
  return count;
}

describe('the parts of several layers', () => {
  test('are filled one after the other', async () => {
    const turns = new FillTurns(600_000);
    const steps: string[] = [];
    const note = (step: string) => steps.push(step);
    const counts = await Promise.all(
      ['abcdef', 'ABCDE', '1'].map((text) => countParts(cutLayer(turns, note, readLetters(text)))),
    );

    expect(counts).toEqual([2, 2, 1]);
    const runs = steps.join('').match(/[a-z]+|[A-Z]+|\d+/g);
    expect(runs?.toSorted()).toEqual(['1', 'ABC', 'DE', 'abc', 'def']);
  });

  test('do not wait for a layer whose source makes it wait', async () => {
    const turns = new FillTurns();
    const steps: string[] = [];
    let resume: () => void = () => undefined;
    const others = new Promise<void>((resolve) => {
      resume = resolve;
    });
    async function* readSlowly() {
      yield Buffer.from('a');
      // Never, if the others waited for this one.
      await others;
      yield Buffer.from('b');
    }
    const note = (step: string) => steps.push(step);
    const slow = countParts(cutLayer(turns, note, readSlowly()));
    await countParts(cutLayer(turns, note, readLetters('ABC')));
    resume();
    await slow;

    expect(steps.join('')).toBe('aABCb');
  });

  test('do not wait for a layer that is aborted', async () => {
    const turns = new FillTurns(600_000);
    const steps: string[] = [];
    const note = (step: string) => steps.push(step);
    async function* breakOff() {
      yield Buffer.from('a');
      throw new Error('gone');
    }
    await expect(countParts(cutLayer(turns, note, breakOff()))).rejects.toThrow('gone');
    const left = cutLayer(turns, note, readLetters('123456'));
    await left.next();
    await left.return(undefined);
    expect(await countParts(cutLayer(turns, note, readLetters('ABC')))).toBe(1);
    expect(steps.join('')).toBe('a123ABC');
  });
});
