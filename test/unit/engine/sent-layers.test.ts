import { describe, expect, test } from 'vitest';
import { ECR_PUBLIC_LIMITS } from '../../../src/ecr/limits.ts';
import type { ImageSource, SentLayer, SourceImage } from '../../../src/ends/image-source.ts';
import type { PushEvent } from '../../../src/engine/events.ts';
import { planPush } from '../../../src/engine/plan/plan.ts';
import type { PlanOptions } from '../../../src/engine/plan/push-plan.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { catchError } from '../../support/catch-error.ts';
import { type FakeService, fakeService } from '../../support/fake-service.ts';
import { makeImage } from '../../support/images.ts';
import { compressor, mark } from '../../support/mark-compressor.ts';
import { archiveSource, layoutSource } from '../../support/memory-source.ts';
import { pushWith } from '../../support/push-with.ts';

const limits = ECR_PUBLIC_LIMITS;
const image = await makeImage({ seed: 1, layers: [{ size: 9000 }, { size: 20 }, { duplicateOf: 0 }] });
const [first] = image.layers;
if (first === undefined) throw new Error('an image without layers');

const marked = mark(first.tar);
const compressed: SentLayer = {
  entryDigest: first.diffId,
  diffId: first.diffId,
  content: { digest: digestOf(marked), size: marked.length },
  compressorId: 'mark',
  outcome: 'uploaded',
  resumedBytes: 4000,
};
const asItIs: SentLayer = {
  ...compressed,
  entryDigest: first.descriptor.digest,
  diffId: undefined,
  content: first.descriptor,
  compressorId: undefined,
};

/** A source whose first layer was sent while it arrived, and cannot be read any more. */
function arrived(source: ImageSource, sent: SentLayer, name: string): ImageSource {
  const isFirst = (ref: Parameters<ImageSource['has']>[0]) =>
    (ref.kind === 'digest' ? ref.digest : ref.name) === name;
  return {
    ...source,
    findSent: (ref) => (isFirst(ref) ? sent : undefined),
    open: (ref, start) => {
      if (isFirst(ref)) throw new Error('gone by');
      return source.open(ref, start);
    },
  };
}

function archive(sent: SentLayer, packed = false): [ImageSource, SourceImage] {
  const [source, found] = archiveSource(image, packed);
  return [arrived(source, sent, '0/layer.tar'), found];
}

function layout(sent: SentLayer): [ImageSource, SourceImage] {
  const root = image.descriptor;
  return [
    arrived(layoutSource([image]), sent, first?.descriptor.digest ?? ''),
    { kind: 'manifest', names: [], root },
  ];
}

async function push(
  [source, found]: [ImageSource, SourceImage],
  service: FakeService,
  options: Omit<PlanOptions, 'limits'> = {},
  imageDigest?: Digest,
) {
  const events: PushEvent[] = [];
  const plan = await planPush(source, found, { limits, ...options });
  const result = await pushWith(plan, {
    service,
    tags: ['1.0'],
    ...(imageDigest && { imageDigest }),
    onEvent: (event) => events.push(event),
  });
  return { result, events };
}

function serviceWith(bytes: Buffer): FakeService {
  const service = fakeService(4096);
  service.blobs.set(digestOf(bytes), bytes);
  return service;
}

describe('a layer that was sent while the source arrived', () => {
  test.each([
    ['compressed', archive(compressed), marked, { compressor }],
    ['packed in a docker-archive', archive(asItIs, true), first.bytes, {}],
    ['as a blob of a layout', layout(asItIs), first.bytes, {}],
  ] as const)(
    '%s counts as uploaded, and is asked for with the others',
    async (_how, source, bytes, options) => {
      const service = serviceWith(bytes);
      const { result, events } = await push([...source], service, options);
      expect(result.layers).toEqual({ total: 3, uploaded: 3, existing: 0, skipped: 0 });
      expect(result.bytes).toMatchObject({ existing: 0, resumed: 4000 });
      expect(result.bytes.uploaded + 4000).toBe(result.bytes.total);
      expect(service.log.filter((line) => line.startsWith('check'))).toHaveLength(1);
      expect(service.images.get(result.imageDigest)?.includes(digestOf(bytes))).toBe(true);
      // Its event came when it was sent.
      expect(events.filter((event) => event.kind === 'blob-finished')).toHaveLength(2);
    },
  );

  test('that the target had counts as existing', async () => {
    const there = { ...asItIs, outcome: 'existing', resumedBytes: 0 } as const;
    const { result } = await push(layout(there), serviceWith(first.bytes));
    expect(result.layers).toEqual({ total: 3, uploaded: 2, existing: 1, skipped: 0 });
    expect(result.bytes).toMatchObject({ existing: first.bytes.length, resumed: 0 });
  });

  test('and that the repository lacks in the end has to be read again', async () => {
    await expect(push(layout(asItIs), fakeService(4096))).rejects.toThrow('gone by');
  });

  test('with another diff ID than the config says is refused', async () => {
    const wrong = { ...compressed, diffId: digestOf('other') };
    const error = await catchError(() => push(archive(wrong), serviceWith(marked), { compressor }));
    expect(error.message).toMatch(/layer 0\/layer.tar has the diff ID sha256:.* but the config says/);
    expect(error.code).toBe('INVALID_INPUT');
  });

  test('as it is, with another digest than the config says, is refused', async () => {
    const wrong = {
      ...compressed,
      compressorId: undefined,
      content: { digest: digestOf('other'), size: first.tar.length },
    };
    const error = await catchError(() => push(archive(wrong), serviceWith(marked)));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('should have') });
  });

  test('compressed where it should have stayed as it was is an error that says what to do', async () => {
    const error = await catchError(() => push(layout(compressed), serviceWith(marked)));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', hint: expect.stringContaining('--compression none') });
  });

  test.each([
    [
      'as it is, is not the fault of a compression',
      layout(asItIs),
      {},
      /^Check which image the source holds/,
    ],
    [
      'compressed, may be that of a compression',
      archive(compressed),
      { compressor },
      /^The digest depends on/,
    ],
  ] as const)('that does not have the digest of the reference, %s', async (_how, source, options, hint) => {
    const named = digestOf('another image');
    const error = await catchError(() => push([...source], fakeService(4096), options, named));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', hint: expect.stringMatching(hint) });
  });
});
