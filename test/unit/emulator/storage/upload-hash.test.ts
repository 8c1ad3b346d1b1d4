import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { UploadHash } from '../../../../src/emulator/storage/upload-hash.ts';

const MIB = 1024 * 1024;

function computeDigest(chunks: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

function share(bytes: Buffer): Buffer {
  const shared = Buffer.from(new SharedArrayBuffer(bytes.length));
  bytes.copy(shared);
  return shared;
}

async function hashChunks(chunks: readonly Uint8Array[], hash = new UploadHash()): Promise<string> {
  for (const chunk of chunks) await hash.update(chunk);
  return hash.digest();
}

test('chunks of all lengths, in shared memory or not, have the digest of their bytes', async () => {
  const uploads = [
    [],
    [randomBytes(10), randomBytes(2 * MIB)],
    [randomBytes(3 * MIB + 7), randomBytes(1), Buffer.alloc(0), randomBytes(MIB)],
    [share(randomBytes(MIB)), share(randomBytes(5)), randomBytes(MIB + 1)],
  ];
  for (const chunks of uploads) expect(await hashChunks(chunks)).toBe(computeDigest(chunks));
});

test('uploads that are hashed at the same time do not mix', async () => {
  const uploads = Array.from({ length: 5 }, (_, index) =>
    Array.from({ length: 4 }, () => randomBytes(MIB + index)),
  );
  const digests = await Promise.all(uploads.map((chunks) => hashChunks(chunks)));
  expect(digests).toEqual(uploads.map(computeDigest));
});

test('a hash goes on from one that has begun', async () => {
  const [begin, rest] = [randomBytes(100), randomBytes(MIB)];
  const begun = new UploadHash(createHash('sha256').update(begin));
  expect(await hashChunks([rest], begun)).toBe(computeDigest([begin, rest]));
});

test('a chunk may change as soon as it is hashed', async () => {
  const memory = share(randomBytes(MIB));
  const expected = computeDigest([memory, Buffer.alloc(MIB)]);
  const hash = new UploadHash();
  await hash.update(memory);
  memory.fill(0);
  await hash.update(memory);
  expect(await hash.digest()).toBe(expected);
});
