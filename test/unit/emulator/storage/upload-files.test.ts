import { expect, test } from 'vitest';
import { UploadFiles } from '../../../../src/emulator/storage/upload-files.ts';
import { makeDirectory } from './opened-store.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** The sizes of the writes of `count` concurrent streams of 1 MiB each. */
async function writeAtOnce(count: number): Promise<number[]> {
  const files = new UploadFiles(makeDirectory());
  const sizes: number[] = [];
  let begun = 0;
  let begin: () => void = () => undefined;
  const allBegun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  async function* stream() {
    begun += 1;
    if (begun === count) begin();
    await allBegun;
    for (let sent = 0; sent < MIB; sent += 16 * KIB) yield Buffer.alloc(16 * KIB);
  }
  const writes = Array.from({ length: count }, (_, index) =>
    files.write(String(index), 0, stream(), (chunk) => sizes.push(chunk.length)),
  );
  expect(await Promise.all(writes)).toEqual(Array(count).fill(MIB));
  return sizes;
}

test('one stream is written in large chunks, many in small ones: together they hold the same', async () => {
  expect(await writeAtOnce(1)).toEqual([MIB]);
  const sizes = await writeAtOnce(256);
  // Until the first have ended and the others get more room.
  expect(Math.max(...sizes.slice(0, 256))).toBeLessThanOrEqual(256 * KIB + 16 * KIB);
});
