import { expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { createStreamHash } from '../../../src/target/stream-hash.ts';
import { makeRandomBytes } from '../../support/images.ts';

const MIB = 1024 * 1024;

/** Hashes in pieces, from memory that is used again, shared between threads or not. */
async function hash(content: Buffer, isShared: boolean): Promise<string> {
  const hashing = createStreamHash(content.length);
  const memory = Buffer.from(isShared ? new SharedArrayBuffer(100_000) : new ArrayBuffer(100_000));
  for (let at = 0; at < content.length; at += memory.length) {
    const copied = content.copy(memory, 0, at);
    await hashing.update(memory.subarray(0, copied));
  }
  return hashing.digest();
}

it.each([
  ['nothing', 0],
  ['a short stream', 150_000],
  ['a long stream', 9 * MIB],
])('hashes %s', async (what, size) => {
  const content = makeRandomBytes(what, size);
  for (const isShared of [true, false]) expect(await hash(content, isShared)).toBe(digestOf(content));
});

it('hashes several streams at once', async () => {
  const contents = [5, 4, 7, 1, 6].map((size) => makeRandomBytes(size, size * MIB));
  const found = await Promise.all(contents.map((content, position) => hash(content, position % 2 === 0)));
  expect(found).toEqual(contents.map((content) => digestOf(content)));
});
