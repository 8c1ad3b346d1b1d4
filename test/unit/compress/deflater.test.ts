import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { toEcrpError } from '../../../src/cli/explain-thrown.ts';
import { findBuiltFile, loadDeflateModule } from '../../../src/compress/built-files.ts';
import {
  createDeflate,
  type Deflate,
  MAX_CHUNK_BYTES,
  WINDOW_BYTES,
} from '../../../src/compress/deflater.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeRandom } from '../../support/images.ts';
import { makeMixedContent } from './mixed-content.ts';

let deflate: Deflate;
beforeAll(async () => {
  const deflateOnce = await createDeflate(await loadDeflateModule());
  // A copy, because the tests keep outputs for longer than one call.
  deflate = (window, chunk, last) => deflateOnce(window, chunk, last).slice();
});

/** Deflates content chunk by chunk, each with the window before it. */
function deflateAll(content: Buffer, chunkBytes = MAX_CHUNK_BYTES): Buffer {
  const output: Uint8Array[] = [];
  let start = 0;
  do {
    const end = Math.min(content.length, start + chunkBytes);
    const window = content.subarray(Math.max(0, start - WINDOW_BYTES), start);
    output.push(deflate(window, content.subarray(start, end), end === content.length));
    start = end;
  } while (start < content.length);
  return Buffer.concat(output);
}

function expectSame(content: Buffer, story: string, chunkBytes?: number): void {
  expect(inflateRawSync(deflateAll(content, chunkBytes)).equals(content), story).toBe(true);
}

/** Makes bytes of an alphabet of `size`, the first ones far more often. */
function makeLetters(random: () => number, length: number, size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => size * random() ** 3));
}

it('blames the installation for a file of the build that is missing', async () => {
  const error = await catchError(() => findBuiltFile('missing.wasm'));
  // Nothing on the way to the user turns it into an error of the input.
  expect(toEcrpError(error, new AbortController().signal)).toBe(error);
  expect(error).toMatchObject({ code: 'INTERNAL', hint: 'Install ecrp again.' });
  expect(error.message).toMatch(/missing\.wasm: this file of ecrp is missing$/);
});

describe('deflate', () => {
  it('restores every length from zero to past the longest match', () => {
    const content = makeMixedContent(makeRandom(1), 600);
    for (let length = 0; length <= content.length; length += 1) {
      expectSame(content.subarray(0, length), `${length} bytes`);
      expectSame(Buffer.alloc(length, 7), `${length} times one byte`);
    }
  });

  it.each([1, 2, 3, 26, 100, 255, 256])('restores letters of an alphabet of %i', (size) => {
    const random = makeRandom(size);
    for (const length of [1, 2, 100, 5_000, 70_000, 300_000]) {
      expectSame(makeLetters(random, length, size), `${length} bytes`);
    }
  });

  it('restores repetitions at distances near the end of the window, and at others', () => {
    const random = makeRandom(3);
    const distances = [1, 2, 3, 4, 5, 255, 256, 257, 384, 385, 4_096, 24_576, 24_577];
    for (let distance = WINDOW_BYTES - 4; distance < WINDOW_BYTES + 4; distance += 1)
      distances.push(distance);
    for (const distance of [...distances, 65_536, 65_537]) {
      const period = makeLetters(random, distance, 256);
      expectSame(Buffer.concat([period, period, period.subarray(0, 300)]), `period ${distance}`);
    }
  });

  it('restores matches of every length', () => {
    const random = makeRandom(4);
    const source = makeLetters(random, 400, 256);
    const pieces: Buffer[] = [source];
    for (let length = 3; length <= 300; length += 1) {
      pieces.push(source.subarray(0, length), makeLetters(random, 3, 256));
    }
    expectSame(Buffer.concat(pieces), 'all lengths');
  });

  it('restores any content in chunks of any size', () => {
    const random = makeRandom(5);
    for (let round = 0; round < 60; round += 1) {
      const length = Math.floor(400_000 * random() ** 4);
      const content =
        random() < 0.5 ? makeMixedContent(random, length) : makeLetters(random, length, 1 + random() * 256);
      const chunkBytes = 1 + Math.floor(Math.max(length / 8, 10) * random());
      expectSame(content, `round ${round}: ${length} bytes in chunks of ${chunkBytes}`, chunkBytes);
    }
  });

  it('restores symbols so skewed that their codes reach the longest length', () => {
    // Fibonacci numbers make the deepest tree.
    const pieces: Buffer[] = [];
    let [now, next] = [1, 1];
    for (let letter = 0; letter < 24; letter += 1) {
      pieces.push(Buffer.alloc(now, letter));
      [now, next] = [next, now + next];
    }
    const random = makeRandom(6);
    const shuffled = Buffer.concat(pieces);
    for (let place = shuffled.length - 1; place > 0; place -= 1) {
      const other = Math.floor(random() * (place + 1));
      const letter = shuffled[place] ?? 0;
      shuffled[place] = shuffled[other] ?? 0;
      shuffled[other] = letter;
    }
    expectSame(shuffled, 'skewed');
  });

  it('is hardly longer than incompressible content', () => {
    const noise = Buffer.alloc(MAX_CHUNK_BYTES);
    const random = makeRandom(7);
    for (let place = 0; place < noise.length; place += 1) noise[place] = random() * 256;
    const packed = deflateAll(noise);
    expect(inflateRawSync(packed).equals(noise)).toBe(true);
    expect(packed.length).toBeLessThan(1.001 * noise.length);
  });

  it('refers to its window, and to nothing of an earlier chunk', () => {
    const content = makeMixedContent(makeRandom(8), WINDOW_BYTES / 2);
    const again = deflate(content, content, true);
    expect(again.length).toBeLessThan(deflate(Buffer.alloc(0), content, true).length / 10);
    expect(inflateRawSync(again, { dictionary: content }).equals(content)).toBe(true);
    const alone = deflate(Buffer.alloc(0), content, true);
    expect(inflateRawSync(alone).equals(content)).toBe(true);
  });

  it('refuses input that is too long', () => {
    expect(() => deflate(Buffer.alloc(0), Buffer.alloc(MAX_CHUNK_BYTES + 1), true)).toThrow(RangeError);
    expect(() => deflate(Buffer.alloc(WINDOW_BYTES + 1), Buffer.alloc(1), true)).toThrow(RangeError);
  });

  it('is about as good as zlib at its default level', () => {
    const content = makeMixedContent(makeRandom(9), 2 * MAX_CHUNK_BYTES);
    expect(deflateAll(content).length).toBeLessThan(1.03 * deflateRawSync(content, { level: 6 }).length);
  });

  it('gives the same bytes as ever: other bytes need another ID of the compressor', () => {
    const content = makeMixedContent(makeRandom(10), MAX_CHUNK_BYTES + 100_000);
    const digest = createHash('sha256').update(deflateAll(content)).digest('hex');
    expect(digest).toBe('1f8906abce3a85dd0cb719a48dc6cfa33bd2bca4be1e5b350312893ebbbf7dff');
  });
});
