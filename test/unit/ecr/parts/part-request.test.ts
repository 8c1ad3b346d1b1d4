import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import type { SharedOperations } from '../../../../src/ecr/operations.ts';
import { PartRequest } from '../../../../src/ecr/parts/part-request.ts';
import { makeRandomBytes } from '../../../support/images.ts';

const MIB = 1024 * 1024;
const HELD_BYTES = 1024;
const members = { registryId: 'r', repositoryName: 'app', uploadId: 'u', partFirstByte: 0, partLastByte: 9 };
const open: PartRequest[] = [];
afterEach(() => {
  for (const request of open.splice(0)) request.drop();
});

/** Starts a request over a connection that takes one chunk at a time. */
function start(bytes: Buffer) {
  const chunks: Buffer[] = [];
  const connection = new Writable({
    highWaterMark: 64 * 1024,
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      setImmediate(done);
    },
  });
  const operations = {
    async uploadLayerPart(_input, _options, change) {
      const request = { headers: {} as Record<string, string>, body: undefined as unknown };
      change?.(request as never);
      if (!(request.body instanceof Readable)) throw new TypeError('a part without a stream');
      request.body.pipe(connection);
      await once(connection, 'finish');
      return { lastByteReceived: 9 } as never;
    },
  } as Pick<SharedOperations, 'uploadLayerPart'> as SharedOperations;
  const request = new PartRequest(operations, members, { bytes, sha256: '' });
  open.push(request);
  const sentBytes = () => chunks.reduce((sum, { length }) => sum + length, 0);
  return { request, chunks, sentBytes };
}

// TLS copies all that a connection is given at once, so a whole part of 13 MiB doubles the memory of a push.
test.each([1, HELD_BYTES, HELD_BYTES + 1, MIB + HELD_BYTES, 3 * MIB + 12_345])(
  'a body of %i bytes reaches the connection in slices of at most 1 MiB, its last 1,024 bytes when it is finished',
  async (size) => {
    const bytes = makeRandomBytes('body', size);
    const { request, chunks, sentBytes } = start(bytes);
    const head = Math.max(0, size - HELD_BYTES);
    await vi.waitFor(() => expect(sentBytes()).toBe(head), { timeout: 30_000 });
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
    expect(sentBytes()).toBe(head);

    const onHandedOver = vi.fn(() => expect(sentBytes()).toBe(size));
    await request.finish(new AbortController().signal, onHandedOver);

    expect(onHandedOver).toHaveBeenCalledOnce();
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(MIB);
    expect(chunks.at(-1)).toHaveLength(Math.min(size, HELD_BYTES));
  },
);

test('a body that is finished at once does not wait', async () => {
  const bytes = makeRandomBytes('body', 2 * MIB);
  const { request, chunks } = start(bytes);
  await request.finish(new AbortController().signal, () => undefined);
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
});
