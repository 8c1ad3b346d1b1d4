import { deriveAbort } from '../async/abort.ts';
import { ByteQueue, QueueBudget } from '../async/byte-queue.ts';
import type { Compressor, DigestCache } from '../compress/compressor.ts';
import type { SentLayer } from '../source/image-source.ts';
import type { ArrivingLayer, LayerIntake } from '../source/layer-intake.ts';
import { LayerInPassing } from './arriving-layer.ts';
import { createOnDemand } from './create-repository.ts';
import { FillTurns } from './fill-turns.ts';
import { checkBlobSize } from './push-limits.ts';
import { DEFAULT_CONCURRENCY, type PushOptions } from './push-options.ts';
import type { PlannedBlob } from './push-plan.ts';
import type { SendOptions } from './send-parts.ts';
import { uploadBlob } from './upload-blob.ts';
import { tellUpload } from './upload-events.ts';

/**
 * Most bytes that wait to be sent, over all layers. It is what lets a layer arrive while those before it are still being
 * sent, and it comes on top of the two parts that each layer in flight has.
 */
const WAITING_BYTES = 24 * 1024 * 1024;

export interface IntakeOptions extends Omit<PushOptions, 'tags' | 'lookUpTag' | 'guardTag' | 'dryRun'> {
  /** Of the source, for messages. */
  readonly path: string;
  /** For plain layers; undefined sends them as they are. */
  readonly compressor: Compressor | undefined;
  readonly digestCache: DigestCache | undefined;
  readonly waitingBytes?: number;
}

type TakeOptions = IntakeOptions & Pick<SendOptions, 'turns'>;

/**
 * Uploads layers while they arrive. One whose name tells what it is is looked for first: then its bytes only go by. Else they
 * are compressed and sent, which the push that follows is told.
 */
export function takeLayers(options: IntakeOptions): LayerIntake {
  const { concurrency = DEFAULT_CONCURRENCY, createRepository } = options;
  const { signal, abort, dispose } = deriveAbort(options.signal);
  const service = createRepository
    ? createOnDemand(options.service, createRepository, signal)
    : options.service;
  const budget = new QueueBudget(options.waitingBytes ?? WAITING_BYTES, signal);
  const turns = new FillTurns();
  const sent = new Map<string, SentLayer>();
  const running = new Set<Promise<void>>();
  let lostBytes = false;

  const take = async (layer: ArrivingLayer, queue: ByteQueue): Promise<void> => {
    const passing = new LayerInPassing(layer, queue, options.path, options.compressor);
    try {
      sent.set(layer.name, await takeLayer(layer, passing, { ...options, service, turns, signal }));
    } catch (error) {
      lostBytes ||= passing.wasAskedBack;
      abort(error);
    } finally {
      await passing.close();
    }
  };
  const end = async (): Promise<void> => {
    await Promise.all(running);
    dispose();
  };

  options.onEvent?.({ kind: 'phase', phase: 'upload' });
  return {
    signal,
    sent,
    get lostBytes() {
      return lostBytes;
    },
    async begin(layer) {
      while (running.size >= concurrency) {
        await Promise.race(running);
      }
      signal.throwIfAborted();
      const queue = new ByteQueue(budget, signal);
      const work = take(layer, queue).finally(() => running.delete(work));
      running.add(work);
      return queue;
    },
    async finish() {
      await end();
      signal.throwIfAborted();
    },
    async abort(reason) {
      abort(reason);
      await end();
    },
  };
}

async function takeLayer(
  layer: ArrivingLayer,
  passing: LayerInPassing,
  options: TakeOptions,
): Promise<SentLayer> {
  const { service, digestCache, signal, onEvent } = options;
  const { name, size, named } = layer;
  const { encoding } = passing;
  if (encoding === undefined) {
    checkBlobSize(`Layer ${name}`, size);
  }
  const known =
    named && (encoding === undefined ? { digest: named, size } : await digestCache?.find(named, encoding));
  const blob = passing.plan(known);
  const isThere = known && (await service.findAvailable([known.digest], signal)).has(known.digest);
  const { content, outcome, resumedBytes } = isThere
    ? { content: known, outcome: 'existing' as const, resumedBytes: 0 }
    : // Nothing is known of what has no such name, so nothing can be gone on with either.
      await upload(blob, named === undefined ? { ...options, uploads: undefined } : options);
  await passing.drain();
  const { entryDigest, diffId } = passing;
  const { digest, size: bytes } = content;
  if (encoding !== undefined && !isThere) {
    await digestCache?.record(entryDigest, encoding, { digest, size: bytes });
  }
  const { id, role } = blob;
  onEvent?.({ kind: 'blob-finished', id, role, outcome, digest, bytes });
  return { entryDigest, diffId, content: { digest, size: bytes }, encoding, outcome, resumedBytes };
}

function upload(blob: PlannedBlob, options: TakeOptions): ReturnType<typeof uploadBlob> {
  const { service, partBytes, turns, signal, onEvent, uploads } = options;
  const { id, role, content, sourceBytes } = blob;
  const totalBytes = content?.size;
  onEvent?.({ kind: 'blob-started', id, role, totalBytes, sourceBytes, arriving: true });
  return uploadBlob(blob, {
    service,
    partBytes,
    turns,
    signal,
    uploads,
    ...tellUpload(id, onEvent),
  });
}
