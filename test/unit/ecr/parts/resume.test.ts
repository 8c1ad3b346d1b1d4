import { describe, expect, test } from 'vitest';
import { createGzipCompressor } from '../../../../src/compress/gzip-compressor.ts';
import { ECR_PUBLIC_LIMITS } from '../../../../src/ecr/limits.ts';
import type { OutgoingBlob } from '../../../../src/ends/blob.ts';
import type { BegunUpload } from '../../../../src/ends/image-target.ts';
import { planPush } from '../../../../src/engine/plan/plan.ts';
import { nameRecord } from '../../../../src/engine/resume/upload-record.ts';
import type { UploadStore } from '../../../../src/engine/resume/upload-store.ts';
import { toUploadSubject } from '../../../../src/engine/uploader.ts';
import { EcrpError } from '../../../../src/errors.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { catchError } from '../../../support/catch-error.ts';
import { answerParts, type FakeService, fakeService, handOver } from '../../../support/fake-service.ts';
import { makeImage, makeRandomBytes } from '../../../support/images.ts';
import { deriveBlob, makeBlob } from '../../../support/memory-blob.ts';
import { archiveSource } from '../../../support/memory-source.ts';
import { uploadWith } from '../../../support/upload-with.ts';

const MIB = 1024 * 1024;
const bytes = makeRandomBytes('resume', 10);
const signal = new AbortController().signal;
/** How a push asks where an upload is. */
const QUESTION = 'part 0-1';

/** A store of one record. */
function memoryStore(kept?: BegunUpload) {
  const state = { kept };
  const store: UploadStore = {
    discard() {},
    claim: () => ({
      found: state.kept,
      save: (upload) => {
        state.kept = upload;
      },
      discard: () => {
        state.kept = undefined;
      },
      release() {},
    }),
  };
  return { store, state };
}

const upload = (service: FakeService, uploads: UploadStore, blob: OutgoingBlob = makeBlob(bytes)) =>
  uploadWith(service, blob, { uploads, signal });

/** An upload at the service that holds the first `held` bytes, and says `told` of them was acknowledged. */
async function begin(service: FakeService, held: number, told = held, partBytes = held) {
  const { uploadId, partSize } = await service.initiateUpload(signal);
  for (let start = 0; start < held; start += partBytes) {
    const part = service.createPart(partBytes);
    part.append(bytes.subarray(start, Math.min(held, start + partBytes)));
    await part.upload(uploadId, start, signal);
  }
  service.log.length = 0;
  return memoryStore({ uploadId, partSize, nextByte: told });
}

test('an interrupted upload is resumed in the smallest parts, which lose less', async () => {
  const large = makeRandomBytes('large', 22 * MIB);
  const service = fakeService(10 * MIB);
  const { uploadId, partSize } = await service.initiateUpload(signal);
  const part = service.createPart(10 * MIB);
  part.append(large);
  await part.upload(uploadId, 0, signal);
  service.log.length = 0;
  const { store } = memoryStore({ uploadId, partSize, nextByte: 10 * MIB });
  await upload(service, store, makeBlob(large, MIB)).done;
  const ends = [10, 15, 20, 22].map((end) => end * MIB);
  expect(service.log.filter((line) => line.startsWith('part'))).toEqual([
    QUESTION,
    ...ends.slice(1).map((end, position) => `part ${ends[position]}-${end}`),
  ]);
});

test('no part of a resumed upload begins before its turn', async () => {
  const service = fakeService(3, handOver());
  const { store } = await begin(service, 3);
  await upload(service, store).done;
  expect(service.log).toEqual([QUESTION, 'part 3-6', 'part 6-9', 'part 9-10', 'complete']);
});

describe('an upload of an interrupted push', () => {
  test.each([2, 3, 6, 9, 10])('is resumed at byte %i', async (held) => {
    for (const blob of [makeBlob(bytes), deriveBlob(makeBlob(bytes))]) {
      const service = fakeService(3);
      const { store, state } = await begin(service, held);
      const { done, progress, notes } = upload(service, store, blob);
      expect(await done).toMatchObject({ outcome: 'uploaded', resumedBytes: held });
      expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
      expect(service.log.filter((line) => line === 'initiate')).toEqual([]);
      const [first, ...parts] = service.log.filter((line) => line.startsWith('part'));
      expect(first).toBe(QUESTION);
      expect(parts).toHaveLength(Math.ceil((10 - held) / 3));
      expect(notes).toEqual([`resumed ${held}`]);
      expect(progress).toEqual([...progress].sort((a, b) => a - b));
      expect(state.kept).toBeUndefined();
    }
  });

  test.each([
    // The answer to the last part was lost with the push.
    [6, 3, 6],
    [9, 6, 9],
    // Saving was slower than sending.
    [9, 3, 9],
    // The service has lost some.
    [3, 6, 3],
  ])('that holds %i bytes, with %i in the record, counts %i as resumed', async (held, told, resumed) => {
    const service = fakeService(3);
    const { store } = await begin(service, held, told);
    const { done, notes } = upload(service, store);
    const result = await done;
    expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
    expect(result.resumedBytes).toBe(resumed);
    expect(notes).toEqual([`resumed ${resumed}`]);
  });

  test('is saved at the position that the service states, before anything is sent', async () => {
    let isDown = false;
    const service = fakeService(3, (truth) => ({
      uploadPart: async (...given) => {
        if (isDown && given[1] > 0) throw new EcrpError('UNAVAILABLE', 'the network is down');
        return truth.uploadPart(...given);
      },
    }));
    const { store, state } = await begin(service, 6, 3, 3);
    isDown = true;
    await catchError(() => upload(service, store).done);
    expect(state.kept).toMatchObject({ nextByte: 6 });
  });

  test('that the service no longer knows starts again', async () => {
    const service = fakeService(3);
    const { store, state } = memoryStore({ uploadId: 'long gone', partSize: 3, nextByte: 6 });
    const { done, notes } = upload(service, store);
    expect(await done).toMatchObject({ resumedBytes: 0 });
    expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
    expect(notes).toEqual(['vanished 0']);
    expect(state.kept).toBeUndefined();
  });

  test('that lacked its completion only, and that the service lost, starts again', async () => {
    const service = fakeService(3);
    const { store } = memoryStore({ uploadId: 'long gone', partSize: 3, nextByte: 10 });
    await upload(service, store).done;
    expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
  });

  test('that the service lost, taking the question for a part, starts again', async () => {
    const service = fakeService(3);
    const { store } = await begin(service, 0, 6);
    const { done, notes } = upload(service, store);
    expect(await done).toMatchObject({ resumedBytes: 0 });
    expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
    expect(notes).toEqual(['vanished 0']);
  });

  test('is resumed at the saved position when the service does not state one', async () => {
    const service = fakeService(3, (truth) =>
      answerParts(truth, { 3: { kind: 'resync', nextByte: undefined } }),
    );
    const { store } = await begin(service, 6, 6, 3);
    expect(await upload(service, store).done).toMatchObject({ resumedBytes: 6 });
    expect(service.log.filter((line) => line.startsWith('part'))).toEqual(['part 6-9', 'part 9-10']);
  });

  test('is resumed at the saved position when the service refuses the question', async () => {
    const service = fakeService(3, (truth) => ({
      uploadPart: async (...given) => {
        if (given[2].length === 1 && given[1] === 0) throw new EcrpError('LIMIT', 'too many parts');
        return truth.uploadPart(...given);
      },
    }));
    const { store } = await begin(service, 6, 6, 3);
    expect(await upload(service, store).done).toMatchObject({ resumedBytes: 6 });
  });

  test('stays saved when the question gets no answer, and nothing is sent', async () => {
    let isDown = false;
    let asked = 0;
    const service = fakeService(3, (truth) => ({
      uploadPart: async (...given) => {
        if (!isDown) return truth.uploadPart(...given);
        asked += 1;
        throw new EcrpError('UNAVAILABLE', 'the network is down');
      },
    }));
    const { store, state } = await begin(service, 6, 3, 3);
    isDown = true;
    expect((await catchError(() => upload(service, store).done)).code).toBe('UNAVAILABLE');
    expect(asked).toBe(1);
    expect(state.kept).toMatchObject({ nextByte: 3 });
  });

  test('of other bytes is refused at the end, and starts again', async () => {
    const service = fakeService(5);
    const { uploadId, partSize } = await service.initiateUpload(signal);
    const part = service.createPart(5);
    part.append(Buffer.from('wrong'));
    await part.upload(uploadId, 0, signal);
    const { store } = memoryStore({ uploadId, partSize, nextByte: 5 });
    const { done, notes } = upload(service, store);
    expect(await done).toMatchObject({ resumedBytes: 0 });
    expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
    expect(notes).toEqual(['resumed 5', 'refused 0']);
  });

  test('that is longer than the layer starts again', async () => {
    for (const blob of [makeBlob(bytes.subarray(0, 4)), deriveBlob(makeBlob(bytes.subarray(0, 4)))]) {
      const service = fakeService(3);
      const { store } = await begin(service, 6, 6, 3);
      await upload(service, store, blob).done;
      expect(service.blobs.get(digestOf(bytes.subarray(0, 4)))).toEqual(bytes.subarray(0, 4));
    }
  });

  test('that another push completes meanwhile counts as done', async () => {
    const service = fakeService(3);
    const { store, state } = memoryStore({ uploadId: 'completed', partSize: 3, nextByte: 3 });
    service.blobs.set(digestOf(bytes), bytes);
    expect(await upload(service, store).done).toMatchObject({ outcome: 'existing', resumedBytes: 0 });
    expect(service.log).not.toContain('initiate');
    expect(state.kept).toBeUndefined();
  });
});

describe('a push that fails', () => {
  test('saves what was acknowledged, after each part', async () => {
    const { store, state } = memoryStore();
    const seen: (number | undefined)[] = [];
    const service = fakeService(3, (truth) => ({
      uploadPart: async (...given) => {
        seen.push(state.kept?.nextByte);
        if (given[1] === 9) throw new EcrpError('UNAVAILABLE', 'the network is down');
        return truth.uploadPart(...given);
      },
    }));
    expect((await catchError(() => upload(service, store).done)).code).toBe('UNAVAILABLE');
    expect(seen).toEqual([undefined, 3, 6, 9]);
    expect(state.kept).toMatchObject({ nextByte: 9 });
    const again = fakeService(3);
    expect(await upload(again, (await begin(again, 9)).store).done).toMatchObject({ resumedBytes: 9 });
  });

  test('for a lasting reason saves nothing that could hinder the next push', async () => {
    const { store, state } = memoryStore();
    const service = fakeService(3, (truth) => ({
      uploadPart: async (...given) => {
        if (given[1] === 6) throw new EcrpError('LIMIT', 'too many parts');
        return truth.uploadPart(...given);
      },
    }));
    expect((await catchError(() => upload(service, store).done)).code).toBe('LIMIT');
    expect(state.kept).toBeUndefined();
  });

  test('because the service does not follow saves nothing', async () => {
    const { store, state } = memoryStore();
    const service = fakeService(3, (truth) => ({
      uploadPart: async (...given) =>
        given[1] === 6 ? { kind: 'resync', nextByte: 3 } : truth.uploadPart(...given),
    }));
    expect((await catchError(() => upload(service, store).done)).code).toBe('UNAVAILABLE');
    expect(state.kept).toBeUndefined();
  });
});

test('a saved layer of a docker-archive serves the same compressor only', async () => {
  const image = await makeImage({ seed: 6, layers: [{}] });
  const name = async (packed: boolean, level?: number) => {
    const [source, archive] = archiveSource(image, packed);
    const compressor = level === undefined ? undefined : createGzipCompressor({ level });
    const plan = await planPush(source, archive, { limits: ECR_PUBLIC_LIMITS, compressor });
    const layer = plan.blobs.find(({ role }) => role === 'layer');
    if (layer === undefined) throw new Error('no layer');
    return nameRecord({ endpoint: 'https://127.0.0.1', repositoryName: 'app' }, toUploadSubject(layer));
  };
  const names = await Promise.all([name(false), name(false, 1), name(false, 5), name(true), name(true, 5)]);
  // Layers that are packed already are sent as they are, whatever the compressor.
  expect(names[4]).toBe(names[3]);
  expect(new Set(names).size).toBe(4);
  expect(await name(false, 5)).toBe(names[2]);
});
