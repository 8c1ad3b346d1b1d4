import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createGzipCompressor } from '../../../src/compress/gzip-compressor.ts';
import type { Compressor, DigestCache } from '../../../src/ends/compressor.ts';
import type { BegunUpload } from '../../../src/ends/image-target.ts';
import type { ArrivingLayer, LayerIntake } from '../../../src/ends/layer-intake.ts';
import { type IntakeOptions, takeLayers } from '../../../src/engine/arriving/take-layers.ts';
import type { PushEvent } from '../../../src/engine/events.ts';
import type { UploadStore } from '../../../src/engine/resume/upload-store.ts';
import { EcrpError } from '../../../src/errors.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { catchError } from '../../support/catch-error.ts';
import { answerParts, type FakeService, fakeService } from '../../support/fake-service.ts';
import { makeRandomBytes } from '../../support/images.ts';
import { compressor, mark } from '../../support/mark-compressor.ts';
import { readChunks } from '../../support/memory-blob.ts';
import { type GivenPush, makeUploader } from '../../support/push-with.ts';

const bytes = makeRandomBytes('arriving', 1000);
const packed = gzipSync(bytes);
const signal = new AbortController().signal;

const marked = mark(bytes);

type GivenIntake = Partial<IntakeOptions> & Partial<Omit<GivenPush, 'service'>>;

function intakeFor(service: FakeService, given: GivenIntake = {}) {
  const events: PushEvent[] = [];
  const onEvent = (event: PushEvent): void => void events.push(event);
  const uploader = makeUploader({ service, onEvent, ...given });
  const options = { path: 'piped', compressor: undefined, digestCache: undefined, ...given };
  const intake = takeLayers(uploader, options, given.signal ?? signal);
  return { intake, events };
}

function describeLayer(change: Partial<ArrivingLayer> = {}): ArrivingLayer {
  const named = digestOf(bytes);
  return { name: 'layer', size: 1000, compression: 'none', named, place: 'docker-archive', ...change };
}

async function feed(
  intake: LayerIntake,
  layer: ArrivingLayer,
  content = bytes,
  chunkBytes = 70,
): Promise<void> {
  const sink = await intake.begin(layer);
  for await (const chunk of readChunks(content, chunkBytes)) await sink.write(chunk);
  sink.end();
}

function memoryCache(known: Readonly<Record<string, Buffer>> = {}) {
  const recorded: [Digest, string, Digest][] = [];
  const cache: DigestCache = {
    find: async (diffId, id) => {
      const found = known[`${diffId} ${id}`];
      return found && { digest: digestOf(found), size: found.length };
    },
    record: async (diffId, id, { digest }) => {
      recorded.push([diffId, id, digest]);
    },
  };
  return { cache, recorded };
}

describe('a layer that arrives', () => {
  test.each([1, 7, 99, 100, 101, 999, 1000, 5000])(
    'in chunks of %i bytes is uploaded as it is',
    async (size) => {
      const service = fakeService(100);
      const { intake, events } = intakeFor(service);
      await feed(intake, describeLayer(), bytes, size);
      await intake.finish();
      expect(service.blobs.get(digestOf(bytes))?.equals(bytes)).toBe(true);
      const content = { digest: digestOf(bytes), size: 1000 };
      expect(intake.sent.get('layer')).toEqual({
        entryDigest: content.digest,
        diffId: content.digest,
        content,
        compressorId: undefined,
        outcome: 'uploaded',
        resumedBytes: 0,
      });
      expect(service.log).toEqual(expect.arrayContaining(['check 1', 'initiate', 'part 0-100', 'complete']));
      expect(events[0]).toEqual({ kind: 'phase', phase: 'upload' });
      expect(events[1]).toMatchObject({
        kind: 'blob-started',
        id: content.digest,
        totalBytes: 1000,
        arriving: true,
      });
      expect(events.at(-1)).toMatchObject({ kind: 'blob-finished', outcome: 'uploaded', bytes: 1000 });
    },
  );

  test('is compressed when it is uncompressed, and the result is cached', async () => {
    const service = fakeService(100);
    const { cache, recorded } = memoryCache();
    const { intake } = intakeFor(service, { compressor, digestCache: cache });
    await feed(intake, describeLayer());
    await intake.finish();
    expect(service.blobs.get(digestOf(marked))?.equals(marked)).toBe(true);
    expect(intake.sent.get('layer')).toMatchObject({
      entryDigest: digestOf(bytes),
      diffId: digestOf(bytes),
      content: { digest: digestOf(marked), size: 1001 },
      compressorId: 'mark',
    });
    expect(recorded).toEqual([[digestOf(bytes), 'mark', digestOf(marked)]]);
  });

  test('is compressed with each compressor', async () => {
    const service = fakeService(100);
    const { intake } = intakeFor(service, { compressor: createGzipCompressor({}) });
    await feed(intake, describeLayer({ named: undefined }));
    await intake.finish();
    const { content, diffId } = intake.sent.get('layer') ?? {};
    expect(diffId).toBe(digestOf(bytes));
    expect(content && service.blobs.has(content.digest)).toBe(true);
  });

  test.each([
    ['docker-archive', digestOf(bytes)],
    ['blob', undefined],
  ] as const)('that is compressed is sent as it is; in a %s its diff ID is %s', async (place, diffId) => {
    const service = fakeService(100);
    const { intake } = intakeFor(service, { compressor });
    const layer = describeLayer({ compression: 'gzip', size: packed.length, named: digestOf(packed), place });
    await feed(intake, layer, packed);
    await intake.finish();
    expect(service.blobs.get(digestOf(packed))?.equals(packed)).toBe(true);
    expect(intake.sent.get('layer')).toMatchObject({
      entryDigest: digestOf(packed),
      diffId,
      compressorId: undefined,
    });
  });

  test('that the repository has is not sent, but read to its end', async () => {
    const service = fakeService(100);
    service.blobs.set(digestOf(bytes), bytes);
    const { intake, events } = intakeFor(service);
    await feed(intake, describeLayer());
    await intake.finish();
    expect(service.log).toEqual(['check 1']);
    expect(intake.sent.get('layer')).toMatchObject({ entryDigest: digestOf(bytes), outcome: 'existing' });
    expect(events.map(({ kind }) => kind)).toEqual(['phase', 'blob-finished']);
  });

  test('whose compressed digest is known is neither compressed nor sent', async () => {
    const service = fakeService(100);
    service.blobs.set(digestOf(marked), marked);
    const { cache, recorded } = memoryCache({ [`${digestOf(bytes)} mark`]: marked });
    const broken: Compressor = {
      ...compressor,
      compress: () => {
        throw new Error('it was compressed');
      },
    };
    const { intake } = intakeFor(service, { compressor: broken, digestCache: cache });
    await feed(intake, describeLayer());
    await intake.finish();
    expect(service.log).toEqual(['check 1']);
    expect(intake.sent.get('layer')).toMatchObject({
      content: { digest: digestOf(marked), size: 1001 },
      outcome: 'existing',
    });
    expect(recorded).toEqual([]);
  });

  test('that the repository lacks is sent although the cache knows it', async () => {
    const service = fakeService(100);
    const { cache } = memoryCache({ [`${digestOf(bytes)} mark`]: marked });
    const { intake } = intakeFor(service, { compressor, digestCache: cache });
    await feed(intake, describeLayer());
    await intake.finish();
    expect(service.blobs.has(digestOf(marked))).toBe(true);
  });
});

describe('a layer that is not what its name states', () => {
  const other = Buffer.from(bytes);
  other[990] = (other[990] ?? 0) ^ 1;

  test.each([
    ['is sent', false],
    ['is there', true],
  ])('that %s is refused, and nothing is completed', async (_when, isThere) => {
    const service = fakeService(100);
    if (isThere) service.blobs.set(digestOf(bytes), bytes);
    const { intake } = intakeFor(service);
    const error = await catchError(async () => {
      await feed(intake, describeLayer(), other);
      await intake.finish();
    });
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toMatch(/^piped: layer layer is named by its digest, but its bytes have another/);
    expect(service.log).not.toContain('complete');
    expect(intake.lostBytes).toBe(false);
  });

  test('a damaged gzip of a docker-archive is refused', async () => {
    const damaged = packed.subarray(0, packed.length - 20);
    const { intake } = intakeFor(fakeService(100));
    const layer = describeLayer({ compression: 'gzip', size: damaged.length, named: undefined });
    const error = await catchError(async () => {
      await feed(intake, layer, damaged);
      await intake.finish();
    });
    expect(error.message).toMatch(/begins like gzip, but is damaged/);
  });

  test('that the service cannot store is refused before it is sent', async () => {
    const service = fakeService(100);
    const { intake } = intakeFor(service);
    await intake.begin(describeLayer({ size: 10_001 * 1024 * 1024 }));
    expect((await catchError(() => intake.finish())).code).toBe('LIMIT');
    expect(service.log).toEqual([]);
  });
});

describe('the service is elsewhere', () => {
  test('at the part in flight: it is sent again from memory', async () => {
    const again = { kind: 'resync', nextByte: 300 } as const;
    const service = fakeService(100, (truth) => answerParts(truth, { 4: again, 5: again }));
    const { intake } = intakeFor(service);
    await feed(intake, describeLayer());
    await intake.finish();
    expect(service.blobs.get(digestOf(bytes))?.equals(bytes)).toBe(true);
  });

  test.each([
    ['behind it', { kind: 'resync', nextByte: 100 }],
    ['nowhere', { kind: 'vanished' }],
  ] as const)('%s: the error says that bytes are lost', async (_where, answer) => {
    const service = fakeService(100, (truth) => answerParts(truth, { 4: answer }));
    const { intake } = intakeFor(service);
    const error = await catchError(async () => {
      await feed(intake, describeLayer());
      await intake.finish();
    });
    expect(error.code).toBe('UNAVAILABLE');
    expect(error.message).toMatch(/^piped: layer layer: the service lost bytes that cannot be read again/);
    expect(intake.lostBytes).toBe(true);
  });

  test('another push has stored the layer meanwhile: the rest is read and not sent', async () => {
    const service = fakeService(100, (truth, state) => ({
      uploadPart: async (...given) => {
        if (given[1] < 300) return truth.uploadPart(...given);
        state.blobs.set(digestOf(bytes), bytes);
        return { kind: 'vanished' };
      },
    }));
    const { intake } = intakeFor(service);
    await feed(intake, describeLayer());
    await intake.finish();
    expect(intake.sent.get('layer')).toMatchObject({ entryDigest: digestOf(bytes), outcome: 'existing' });
  });
});

describe('resuming', () => {
  function memoryStore(found?: BegunUpload): { store: UploadStore; claimed: unknown[] } {
    const claimed: unknown[] = [];
    const store: UploadStore = {
      claim: ({ id, compressorId }) => {
        claimed.push({ id, compressorId });
        return { found, save() {}, discard() {}, release() {} };
      },
      discard() {},
    };
    return { store, claimed };
  }

  test.each([
    ['as it is', undefined, bytes],
    ['compressed', compressor, marked],
  ])('a layer that is sent %s continues where the service is', async (_how, by, content) => {
    const service = fakeService(100);
    const { uploadId, partSize } = await service.initiateUpload(signal);
    const part = service.createPart(100);
    part.append(content);
    await part.upload(uploadId, 0, signal);
    const { store, claimed } = memoryStore({ uploadId, partSize, nextByte: 100 });
    const { intake } = intakeFor(service, { compressor: by, uploads: store });
    await feed(intake, describeLayer());
    await intake.finish();
    expect(claimed).toEqual([{ id: digestOf(bytes), compressorId: by?.id }]);
    expect(intake.sent.get('layer')).toMatchObject({ resumedBytes: 100, outcome: 'uploaded' });
    expect(service.blobs.get(digestOf(content))?.equals(content)).toBe(true);
  });

  test('nothing is saved of a layer whose name states no digest', async () => {
    const { store, claimed } = memoryStore();
    const { intake } = intakeFor(fakeService(100), { compressor, uploads: store });
    await feed(intake, describeLayer({ named: undefined }));
    await intake.finish();
    expect(claimed).toEqual([]);
  });
});

describe('several layers', () => {
  const layers = Array.from({ length: 7 }, (_, position) => makeRandomBytes(position, 1000));

  /** Feeds all. Returns the most layers in flight when one began, and the most bytes that waited. */
  async function feedAll(service: FakeService, options: GivenIntake) {
    const { intake } = intakeFor(service, options);
    for (const [position, content] of layers.entries()) {
      await feed(intake, describeLayer({ name: `${position}`, named: digestOf(content) }), content);
    }
    await intake.finish();
    for (const content of layers) expect(service.blobs.get(digestOf(content))?.equals(content)).toBe(true);
  }

  test.each([1, 2, 5])('are sent at most %i at the same time', async (concurrency) => {
    let uploads = 0;
    let most = 0;
    const service = fakeService(100, (truth) => ({
      initiateUpload: async (inner) => {
        uploads += 1;
        most = Math.max(most, uploads);
        return truth.initiateUpload(inner);
      },
      completeUpload: async (...given) => {
        const answer = await truth.completeUpload(...given);
        uploads -= 1;
        return answer;
      },
    }));
    await feedAll(service, { concurrency });
    expect(most).toBeLessThanOrEqual(concurrency);
    // With room for them, layers overlap.
    expect(most > 1).toBe(concurrency > 1);
  });

  test('wait for room for their bytes', async () => {
    const gate: { open?: () => void } = {};
    const opened = new Promise<void>((resolve) => {
      gate.open = resolve;
    });
    const service = fakeService(100, (truth) => ({
      uploadPart: async (...given) => {
        await opened;
        return truth.uploadPart(...given);
      },
    }));
    const { intake } = intakeFor(service, { waitingBytes: 2000 });
    let written = 0;
    const writing = (async () => {
      const sink = await intake.begin(describeLayer({ size: 100_000, named: undefined }));
      for (; written < 100_000; written += 100) await sink.write(Buffer.alloc(100));
      sink.end();
    })();
    const turns = async () => {
      for (let turn = 0; turn < 2000; turn += 1) await Promise.resolve();
    };
    await turns();
    // What waits, and the two parts.
    expect(written).toBeLessThanOrEqual(2000 + 300);
    gate.open?.();
    await writing;
    await intake.finish();
    expect(intake.sent.get('layer')?.content.size).toBe(100_000);
  });

  test('end with the first failure, after which none is running', async () => {
    const service = fakeService(100, (truth) => ({
      uploadPart: async (...given) => {
        if (given[1] === 200) throw new EcrpError('AUTH', 'no more');
        return truth.uploadPart(...given);
      },
    }));
    const { intake } = intakeFor(service, { concurrency: 2 });
    const error = await catchError(async () => {
      for (const [position, content] of layers.entries()) {
        await feed(intake, describeLayer({ name: `${position}`, named: digestOf(content) }), content);
      }
      await intake.finish();
    });
    expect(error.message).toBe('no more');
    await intake.abort(error);
    const calls = service.log.length;
    for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
    expect(service.log.length).toBe(calls);
    expect(intake.signal.aborted).toBe(true);
  });

  test('end with a failure although the rest of the layer does not arrive', async () => {
    const failure = new EcrpError('AUTH', 'no more');
    const service = fakeService(100, () => ({
      uploadPart: async () => {
        throw failure;
      },
    }));
    const { intake } = intakeFor(service, { compressor });
    const sink = await intake.begin(describeLayer());
    await sink.write(bytes.subarray(0, 150));
    await expect(intake.finish()).rejects.toBe(failure);
    await expect(sink.write(bytes.subarray(150))).rejects.toBe(failure);
  });

  test('end with an interruption, also those that wait for bytes', async () => {
    const controller = new AbortController();
    const { intake } = intakeFor(fakeService(100), { signal: controller.signal });
    const sink = await intake.begin(describeLayer());
    await sink.write(bytes.subarray(0, 250));
    const reason = new EcrpError('INTERRUPTED', 'by you');
    controller.abort(reason);
    await expect(intake.finish()).rejects.toBe(reason);
    await expect(sink.write(bytes)).rejects.toBe(reason);
    await expect(intake.begin(describeLayer())).rejects.toBe(reason);
  });
});

describe('a missing repository', () => {
  const missing = new EcrpError('NOT_FOUND', 'no repository', { awsError: 'RepositoryNotFoundException' });

  function serviceWithout() {
    const state = { exists: false, created: 0 };
    const service = fakeService(100, (truth) => ({
      findAvailable: async (...given) => {
        if (!state.exists) throw missing;
        return truth.findAvailable(...given);
      },
      initiateUpload: async (...given) => {
        if (!state.exists) throw missing;
        return truth.initiateUpload(...given);
      },
    }));
    return { service, state };
  }

  test.each([false, true])(
    'is created once by the first calls; another push was quicker: %s',
    async (raced) => {
      const { service, state } = serviceWithout();
      const createRepository = async () => {
        state.created += 1;
        await Promise.resolve();
        state.exists = true;
        return !raced;
      };
      const { intake } = intakeFor(service, { createRepository });
      await Promise.all([
        feed(intake, describeLayer()),
        feed(intake, describeLayer({ name: 'other', named: undefined })),
      ]);
      await intake.finish();
      expect(state.created).toBe(1);
      expect(service.blobs.has(digestOf(bytes))).toBe(true);
    },
  );

  test('is an error without --create-repo', async () => {
    const { intake } = intakeFor(serviceWithout().service);
    await expect(
      (async () => {
        await feed(intake, describeLayer());
        await intake.finish();
      })(),
    ).rejects.toBe(missing);
  });
});
