import { describe, expect, test } from 'vitest';
import type { PlannedBlob } from '../../../src/ends/blob.ts';
import { sendMissingBlobs } from '../../../src/engine/send-blobs.ts';
import { fakeService } from '../../support/fake-service.ts';
import { makeBlob } from '../../support/memory-blob.ts';
import { makeUploader } from '../../support/push-with.ts';

const MIB = 1024 * 1024;
const long = (fill: number) => makeBlob(Buffer.alloc(21 * MIB, fill), MIB);
const short = (fill: number) => makeBlob(Buffer.alloc(20 * MIB, fill), MIB);

/** Sends the blobs one after the other. Returns the order in which they began, and the parts in memory of each. */
async function send(blobs: readonly PlannedBlob[]) {
  const begun: number[] = [];
  const parts: number[] = [];
  const service = fakeService(10 * MIB);
  const uploader = makeUploader({
    service: {
      ...service,
      createPart: (capacity) => {
        parts.push((parts.pop() ?? 0) + 1);
        return service.createPart(capacity);
      },
    },
    concurrency: 1,
    onEvent: (event) => {
      if (event.kind !== 'blob-started') return;
      begun.push(event.sourceBytes);
      parts.push(0);
    },
  });
  const plan = { blobs, warnings: [], notes: [], skippedLayers: 0, buildManifests: () => [] };
  const ledger = { contents: new Map(), uploaded: new Map() };
  await sendMissingBlobs(plan, uploader, ledger, new AbortController().signal);
  return { begun, parts };
}

describe('missing blobs', () => {
  test('begin with the smallest, then the largest first', async () => {
    const blobs = [3, 9, 1, 7].map((size) => makeBlob(Buffer.alloc(size, size)));
    expect((await send(blobs)).begun).toEqual([1, 9, 7, 3]);
    expect((await send(blobs.slice(0, 1))).begun).toEqual([3]);
    expect((await send([])).begun).toEqual([]);
  });

  test('have three parts in memory each, or as many as they need', async () => {
    expect((await send([long(1), short(2), long(3)])).parts).toEqual([2, 3, 3]);
    expect((await send([long(1)])).parts).toEqual([3]);
    const four = makeBlob(Buffer.alloc(40 * MIB), MIB);
    expect((await send([four])).parts).toEqual([3]);
  });
});
