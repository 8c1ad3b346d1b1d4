import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openByteFile, streamRange } from '../../../src/source/byte-file.ts';
import { makeRandom } from '../../support/images.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const MIB = 1024 * 1024;
const makeDirectory = useTemporaryDirectories();

it.each([
  [0, 3 * MIB + 17],
  [5, MIB + 5],
  [MIB - 1, MIB + 1],
  [7, 7],
])('streams the bytes [%i, %i) into the same memory when chunks are transient', async (start, end) => {
  const content = Buffer.alloc(3 * MIB + 17);
  const random = makeRandom(1);
  for (let place = 0; place < content.length; place += 7) content[place] = random() * 256;
  const path = join(await makeDirectory(), 'file');
  await writeFile(path, content);
  const file = openByteFile(path, { followLinks: false });
  const copies: Buffer[] = [];
  const memories = new Set<ArrayBufferLike>();
  for await (const chunk of streamRange(file, start, end, path, { transient: true })) {
    copies.push(Buffer.from(chunk));
    memories.add(chunk.buffer);
  }
  expect(Buffer.concat(copies).equals(content.subarray(start, end))).toBe(true);
  expect(memories.size).toBe(start === end ? 0 : 1);
  const kept: Buffer[] = [];
  for await (const chunk of streamRange(file, start, end, path)) kept.push(chunk);
  expect(Buffer.concat(kept).equals(content.subarray(start, end))).toBe(true);
  file.close();
});
