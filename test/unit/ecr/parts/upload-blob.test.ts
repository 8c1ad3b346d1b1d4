import { describe, expect, test } from 'vitest';
import { createPartUploader } from '../../../../src/ecr/parts/upload-blob.ts';
import type { OutgoingBlob } from '../../../../src/ends/blob.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { catchError } from '../../../support/catch-error.ts';
import { answerParts, type FakeService, fakeService, handOver } from '../../../support/fake-service.ts';
import { makeRandomBytes } from '../../../support/images.ts';
import { arriveBlob, deriveBlob, makeBlob } from '../../../support/memory-blob.ts';
import { type GivenUpload, uploadWith } from '../../../support/upload-with.ts';

const bytes = makeRandomBytes('upload-blob', 10);
const otherBytes = makeRandomBytes('upload-blob, other', 10);

const upload = (service: FakeService, blob: OutgoingBlob = makeBlob(bytes), given: GivenUpload = {}) =>
  uploadWith(service, blob, given);

/** Notes before each chunk how many bytes came before it. */
function watchReading(blob: OutgoingBlob, onChunk: (start: number) => void): OutgoingBlob {
  async function* watch(chunks: AsyncIterable<Buffer>, start: number): AsyncGenerator<Buffer> {
    let read = start;
    for await (const chunk of chunks) {
      onChunk(read);
      read += chunk.length;
      yield chunk;
    }
  }
  return {
    ...blob,
    open: (start) => {
      const reading = blob.open(start);
      return { ...reading, bytes: watch(reading.bytes, start) };
    },
  };
}

describe('parts', () => {
  test.each([1, 2, 3, 4, 5, 7, 9, 10, 11])(
    'of %i bytes: consecutive, all whole except the last',
    async (partSize) => {
      for (const chunkBytes of [1, 2, 3, 10]) {
        const service = fakeService(partSize);
        const { done, progress, notes } = upload(service, makeBlob(bytes, chunkBytes));

        expect((await done).content).toEqual({ digest: digestOf(bytes), size: 10 });
        expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
        const parts = Array.from({ length: Math.ceil(10 / partSize) }, (_, position) => {
          const start = position * partSize;
          return `part ${start}-${Math.min(10, start + partSize)}`;
        });
        expect(service.log).toEqual(['initiate', ...parts, 'complete']);
        expect(progress.at(-1)).toBe(10);
        expect(progress).toEqual([...progress].sort((a, b) => a - b));
        expect(notes).toEqual([]);
      }
    },
  );

  test('are no longer than the upper bound given', async () => {
    const service = fakeService(8);
    await upload(service, makeBlob(bytes), { partBytes: 4 }).done;
    expect(service.log).toEqual(['initiate', 'part 0-4', 'part 4-8', 'part 8-10', 'complete']);
  });

  test('begin when the one before is on its way, and are sent when it is acknowledged', async () => {
    const service = fakeService(4, handOver());
    await upload(service).done;
    expect(service.log).toEqual([
      'initiate',
      ...['part 0-4', 'begin 4', 'part 4-8', 'begin 8', 'part 8-10'],
      'complete',
    ]);
  });

  test('do not begin once the one before has its answer', async () => {
    const service = fakeService(4, (truth) => ({
      uploadPart: async (...given) => {
        const answer = await truth.uploadPart(...given);
        setImmediate(() => given[4]?.());
        return answer;
      },
    }));
    await upload(service).done;
    await new Promise((resolve) => setImmediate(resolve));
    expect(service.log).toEqual(['initiate', 'part 0-4', 'part 4-8', 'part 8-10', 'complete']);
  });

  test('that have begun are dropped when the service is elsewhere', async () => {
    const service = fakeService(4, handOver({ 2: { kind: 'resync', nextByte: 2 } }));
    const { done, notes } = upload(service);
    await done;
    expect(notes).toEqual(['resync 2', 'resync 4']);
    expect(service.log.slice(0, 5)).toEqual(['initiate', 'part 0-4', 'begin 4', 'begin 8', 'give up 8']);
  });

  test('that have begun are dropped when the one before fails', async () => {
    const service = fakeService(4, (truth) => ({
      uploadPart: async (...given) => {
        await handOver()(truth).uploadPart(...given);
        throw new Error('failed');
      },
    }));
    await expect(upload(service).done).rejects.toThrow('failed');
    expect(service.log).toEqual(['initiate', 'part 0-4', 'begin 4', 'give up 4']);
  });

  describe('read ahead', () => {
    /** The steps of uploads to one repository, after those of `before`. A part takes long enough for all reading that is allowed meanwhile. */
    async function watchUploads(
      blobs: readonly OutgoingBlob[],
      before: readonly OutgoingBlob[] = [],
    ): Promise<readonly string[]> {
      const steps: string[] = [];
      const service = fakeService(2, (truth) => ({
        uploadPart: async (...given) => {
          steps.push(`send ${given[1]}`);
          const answer = truth.uploadPart(...given);
          for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
          steps.push(`sent ${given[1]}`);
          return answer;
        },
      }));
      const uploadBlob = createPartUploader(service, 2);
      const given = { saved: { found: undefined, save() {}, discard() {} }, onEvent() {} };
      const watched = blobs.map((blob) => watchReading(blob, (read) => steps.push(`read ${read}`)));
      for (const group of [before, watched]) {
        steps.length = 0;
        await Promise.all(group.map((blob) => uploadBlob(blob, given, new AbortController().signal)));
      }
      return steps;
    }

    /** The most that was read before a part had its answer: one step per part. */
    const countAhead = (steps: readonly string[], sending: string): number =>
      steps.slice(0, steps.indexOf(sending)).filter((step) => step.startsWith('read')).length;

    test('two for a layer that is alone, also after another', async () => {
      const steps = await watchUploads([makeBlob(bytes, 2)], [makeBlob(otherBytes, 2)]);
      expect(['sent 0', 'sent 2', 'sent 4'].map((step) => countAhead(steps, step))).toEqual([3, 4, 5]);
    });

    test('two for a layer beside one of a single part', async () => {
      const steps = await watchUploads([makeBlob(bytes, 2), makeBlob(Buffer.from('1'), 2)]);
      expect(countAhead(steps, 'sent 2')).toBe(1 + 4);
    });

    test('one for each of two layers', async () => {
      const steps = await watchUploads([makeBlob(bytes, 2), makeBlob(otherBytes, 2)]);
      expect(countAhead(steps, 'sent 2')).toBe(2 * 3);
    });

    test('one for a layer that is compressed on the way', async () => {
      const steps = await watchUploads([deriveBlob(makeBlob(bytes, 2))]);
      expect(['sent 0', 'sent 2', 'sent 4'].map((step) => countAhead(steps, step))).toEqual([2, 3, 4]);
    });

    test('one for a layer that a registry has', async () => {
      const steps = await watchUploads([{ ...makeBlob(bytes, 2), isRemote: true }]);
      expect(['sent 0', 'sent 2', 'sent 4'].map((step) => countAhead(steps, step))).toEqual([2, 3, 4]);
    });
  });
});

describe('while the upload begins', () => {
  /** Begins uploads only after anything else that can be done was done, or fails to. */
  function beginLate(partSize: number, steps: string[] = [], failure?: Error): FakeService {
    return fakeService(partSize, (truth) => ({
      initiateUpload: async (signal) => {
        await new Promise((resolve) => setImmediate(resolve));
        steps.push('begun');
        if (failure) throw failure;
        return truth.initiateUpload(signal);
      },
    }));
  }

  test('one part is made ready', async () => {
    const expected = ['read 0', 'read 2', 'begun', 'read 4'];
    const steps: string[] = [];
    const service = beginLate(4, steps);
    const blob = watchReading(makeBlob(bytes, 2), (read) => steps.push(`read ${read}`));
    await upload(service, blob, { partBytes: 4 }).done;
    expect(steps.slice(0, expected.length)).toEqual(expected);
    expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
  });

  test('what is ready is made again when the service asks for smaller parts', async () => {
    const service = beginLate(3);
    const blob = makeBlob(bytes);
    await upload(service, blob, { partBytes: 4 }).done;
    expect(blob.opened).toEqual([0, 0]);
    expect(service.log).toEqual(['initiate', 'part 0-3', 'part 3-6', 'part 6-9', 'part 9-10', 'complete']);
    expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
  });

  test('a blob that can be read once only is not read', async () => {
    const service = beginLate(3);
    const blob = makeBlob(bytes);
    await upload(service, arriveBlob(blob), { partBytes: 4 }).done;
    expect(blob.opened).toEqual([0]);
    expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
  });

  test('a failure closes the source', async () => {
    const failure = new Error('no such repository');
    const blob = makeBlob(bytes);
    const steps: string[] = [];
    async function* watch(start: number): AsyncGenerator<Buffer> {
      try {
        yield* blob.open(start).bytes;
      } finally {
        steps.push('closed');
      }
    }
    const watched: OutgoingBlob = {
      ...blob,
      open: (start) => ({ ...blob.open(start), bytes: watch(start), cancel: () => steps.push('cancelled') }),
    };
    await expect(upload(beginLate(4, steps, failure), watched, { partBytes: 4 }).done).rejects.toBe(failure);
    expect(steps).toEqual(['begun', 'cancelled', 'closed']);
  });

  test.each(['open', 'read'])('a source that fails to %s fails as it does later', async (what) => {
    const failure = new Error('disk on fire');
    const blob = makeBlob(bytes);
    const steps: string[] = [];
    async function* fail(): AsyncGenerator<Buffer> {
      yield await Promise.reject(failure);
    }
    const failing: OutgoingBlob = {
      ...blob,
      open: (start) => {
        if (what === 'open') throw failure;
        return { ...blob.open(start), bytes: fail() };
      },
    };
    await expect(upload(beginLate(4, steps), failing, { partBytes: 4 }).done).rejects.toBe(failure);
    expect(steps).toEqual(['begun']);
  });
});

describe('the service is elsewhere', () => {
  test.each([0, 1, 2, 5, 8, 9])('it continues from byte %i', async (nextByte) => {
    // The service answers the second part with another position, and holds just those bytes then.
    let held = Buffer.alloc(0);
    let calls = 0;
    const service = fakeService(3, (_truth, state) => ({
      uploadPart: async (_id, start, part) => {
        const copy = Buffer.from(part);
        calls += 1;
        if (calls === 2) {
          held = Buffer.from(bytes.subarray(0, nextByte));
          return { kind: 'resync', nextByte };
        }
        if (start !== held.length) return { kind: 'resync', nextByte: held.length };
        held = Buffer.concat([held, copy]);
        return { kind: 'accepted', nextByte: held.length };
      },
      completeUpload: async (_id, digest) => {
        if (digestOf(held) !== digest) return { kind: 'mismatch' };
        state.blobs.set(digest, held);
        return { kind: 'stored' };
      },
    }));
    const { done, progress, notes } = upload(service, makeBlob(bytes), { partBytes: 3 });
    await done;
    expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
    expect(notes).toEqual([`resync ${nextByte}`]);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(10);
  });

  test('a part that is asked for again is sent again, and not read again', async () => {
    const answer = { kind: 'resync', nextByte: 3 } as const;
    const service = fakeService(3, (truth) => answerParts(truth, { 2: answer, 3: answer }));
    const blob = makeBlob(bytes);
    const { done, notes } = upload(service, blob, { partBytes: 3 });
    await done;
    expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
    expect(notes).toEqual(['resync 3', 'resync 3']);
    expect(blob.opened).toEqual([0]);
    // The test made up the two answers: the service saw neither part.
    expect(service.log).toEqual(['initiate', 'part 0-3', 'part 3-6', 'part 6-9', 'part 9-10', 'complete']);
  });

  test('three times the same byte is an error, not a loop', async () => {
    const service = fakeService(3, () => ({
      uploadPart: async () => ({ kind: 'resync', nextByte: undefined }),
    }));
    const error = await catchError(() => upload(service).done);
    expect(error.code).toBe('UNAVAILABLE');
    expect(service.log).toEqual(['initiate']);
  });

  test('back and forth for ever is an error too', async () => {
    let calls = 0;
    const service = fakeService(3, () => ({
      uploadPart: async (_id, start, part) => {
        calls += 1;
        return calls % 2 === 0
          ? { kind: 'resync', nextByte: 0 }
          : { kind: 'accepted', nextByte: start + part.length };
      },
    }));
    expect((await catchError(() => upload(service).done)).code).toBe('UNAVAILABLE');
    expect(calls).toBeLessThan(10);
  });

  test('more bytes than the blob has is an error', async () => {
    const service = fakeService(3, (truth) => answerParts(truth, { 2: { kind: 'accepted', nextByte: 11 } }));
    expect((await catchError(() => upload(service).done)).code).toBe('UNAVAILABLE');
  });

  test.each([-1, 2.5, Number.NaN])('byte %s is an error', async (nextByte) => {
    const service = fakeService(3, (truth) => answerParts(truth, { 2: { kind: 'resync', nextByte } }));
    expect((await catchError(() => upload(service).done)).code).toBe('UNAVAILABLE');
  });
});

describe('the upload is gone', () => {
  test('once, at a part: it begins again and no byte is missing', async () => {
    const service = fakeService(4, (truth) => answerParts(truth, { 2: { kind: 'vanished' } }));
    const { done, progress, notes } = upload(service);
    await done;
    expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
    expect(notes).toEqual(['vanished 0']);
    expect(progress).toEqual([4, 8, 10]);
    expect(service.log.filter((line) => line === 'initiate')).toHaveLength(2);
  });

  test('once, at the end: it begins again', async () => {
    let completions = 0;
    const service = fakeService(4, (truth) => ({
      completeUpload: async (...given) => {
        completions += 1;
        return completions === 1 ? { kind: 'vanished' } : truth.completeUpload(...given);
      },
    }));
    await upload(service).done;
    expect(service.blobs.get(digestOf(bytes))).toEqual(bytes);
  });

  test('because another push completed the same blob: that is enough', async () => {
    const service = fakeService(4, (truth, state) => ({
      uploadPart: async (...given) => {
        if (given[1] === 0) return truth.uploadPart(...given);
        state.blobs.set(digestOf(bytes), bytes);
        return { kind: 'vanished' };
      },
    }));
    const { done, notes } = upload(service);
    expect(await done).toMatchObject({ outcome: 'existing', content: { digest: digestOf(bytes), size: 10 } });
    expect(notes).toEqual([]);
    expect(service.log).toEqual(['initiate', 'part 0-4', 'check 1']);
  });

  test('twice is an error', async () => {
    const service = fakeService(4, () => ({ uploadPart: async () => ({ kind: 'vanished' }) }));
    const error = await catchError(() => upload(service).done);
    expect(error.code).toBe('UNAVAILABLE');
    expect(error.awsError).toBe('UploadNotFoundException');
  });
});

describe('the bytes are wrong', () => {
  test('the source is damaged: both digests are named', async () => {
    const claimed = digestOf('something else');
    const blob = { ...makeBlob(bytes), content: { digest: claimed, size: 10 } };
    const damaged = {
      ...blob,
      open: (start: number) => ({ ...blob.open(start), finish: () => ({ digest: claimed, size: 10 }) }),
    };
    const error = await catchError(() => upload(fakeService(4), damaged).done);
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain(claimed);
    expect(error.message).toContain(digestOf(bytes));
  });

  test('the source is right: the connection is to blame', async () => {
    const service = fakeService(4, () => ({ completeUpload: async () => ({ kind: 'mismatch' }) }));
    expect((await catchError(() => upload(service).done)).code).toBe('UNAVAILABLE');
  });

  test('the source ends early', async () => {
    const blob = makeBlob(bytes);
    const short = {
      ...blob,
      open: (start: number) => ({
        ...makeBlob(bytes.subarray(0, 7)).open(start),
        finish: blob.open(start).finish,
      }),
    };
    const error = await catchError(() => upload(fakeService(4), short).done);
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain('7 of 10 bytes');
  });

  test('the source fails while a part is in flight: its error is the one thrown', async () => {
    const failure = new Error('disk on fire');
    const blob = makeBlob(bytes);
    async function* fail(start: number) {
      yield* blob.open(start).bytes;
      throw failure;
    }
    const failing = { ...blob, open: (start: number) => ({ ...blob.open(start), bytes: fail(start) }) };
    await expect(upload(fakeService(4), failing).done).rejects.toBe(failure);
  });
});

test('an abort ends it with the reason, and closes the source', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const blob = makeBlob(bytes);
  let closed = false;
  async function* watch(start: number) {
    try {
      yield* blob.open(start).bytes;
    } finally {
      closed = true;
    }
  }
  const service = fakeService(2, (truth) => ({
    uploadPart: async (...given) => {
      const answer = await truth.uploadPart(...given);
      controller.abort(reason);
      return answer;
    },
  }));
  const watched = { ...blob, open: (start: number) => ({ ...blob.open(start), bytes: watch(start) }) };
  const { done } = upload(service, watched, { signal: controller.signal });
  await expect(done).rejects.toBe(reason);
  expect(closed).toBe(true);
  expect(service.log).toEqual(['initiate', 'part 0-2']);
});

test('an abort does not wait for the part that is being read', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const blob = makeBlob(bytes);
  let read = 0;
  // It never ends: only a reader that checks for an abort stops.
  async function* readForEver() {
    for (;;) {
      read += 1;
      if (read === 5) controller.abort(reason);
      await Promise.resolve();
      yield Buffer.alloc(1);
    }
  }
  const endless = { ...blob, open: (start: number) => ({ ...blob.open(start), bytes: readForEver() }) };
  const service = fakeService(1_000_000_000);
  const { done } = upload(service, deriveBlob(endless), { signal: controller.signal });
  await expect(done).rejects.toBe(reason);
  expect(read).toBe(5);
});

test('a failure of the service does not wait for the part that is being read', async () => {
  const failure = new Error('refused');
  const blob = makeBlob(bytes);
  let closed = false;
  async function* readForEver() {
    try {
      yield bytes.subarray(0, 4);
      for (;;) {
        await Promise.resolve();
        yield Buffer.alloc(0);
      }
    } finally {
      closed = true;
    }
  }
  const service = fakeService(4, () => ({
    uploadPart: async () => {
      throw failure;
    },
  }));
  const endless = { ...blob, open: (start: number) => ({ ...blob.open(start), bytes: readForEver() }) };
  const { done } = upload(service, deriveBlob(endless));
  await expect(done).rejects.toBe(failure);
  expect(closed).toBe(true);
});
