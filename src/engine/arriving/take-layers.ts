import { ByteQueue, QueueBudget } from '../../async/byte-queue.ts';
import type { Compressor, DigestCache } from '../../ends/compressor.ts';
import type { SentLayer } from '../../ends/image-source.ts';
import type { ArrivingLayer, LayerIntake } from '../../ends/layer-intake.ts';
import { checkBlobSize } from '../limits.ts';
import type { Uploader } from '../uploader.ts';
import { LayerReader } from './arriving-layer.ts';

/**
 * Most bytes that wait to be sent, over all layers, beside the two parts of each layer in flight. They let a layer arrive while earlier ones
 * are still being sent.
 */
const WAITING_BYTES = 24 * 1024 * 1024;

export interface IntakeOptions {
  /** Of the source, for messages. */
  readonly path: string;
  /** For uncompressed layers; undefined sends them as they are. */
  readonly compressor: Compressor | undefined;
  readonly digestCache: DigestCache | undefined;
  /** Whether foreign layers are sent as well. */
  readonly foreignLayers?: boolean;
  readonly waitingBytes?: number;
}

/**
 * Uploads layers while they arrive. A layer whose name states its digest is looked for first; one that the target has is only read. The
 * plan that follows finds all of them in `sent`.
 */
export function takeLayers(uploader: Uploader, options: IntakeOptions, outer: AbortSignal): LayerIntake {
  const group = uploader.openGroup(outer);
  const { signal } = group;
  const budget = new QueueBudget(options.waitingBytes ?? WAITING_BYTES, signal);
  const sent = new Map<string, SentLayer>();
  let lostBytes = false;

  const take = async (layer: ArrivingLayer, queue: ByteQueue): Promise<void> => {
    const reader = new LayerReader(layer, queue, options.path, options.compressor);
    try {
      sent.set(layer.name, await takeLayer(layer, reader, uploader, options, signal));
    } catch (error) {
      lostBytes ||= reader.wasAskedBack;
      throw error;
    } finally {
      await reader.close();
    }
  };

  uploader.settings.onEvent({ kind: 'phase', phase: 'upload' });
  return {
    signal,
    foreignLayers: options.foreignLayers ?? false,
    sent,
    get lostBytes() {
      return lostBytes;
    },
    async begin(layer) {
      const queue = new ByteQueue(budget, signal);
      await group.start(() => take(layer, queue));
      return queue;
    },
    finish: () => group.finish(),
    abort: (reason) => group.cancel(reason),
  };
}

async function takeLayer(
  layer: ArrivingLayer,
  reader: LayerReader,
  uploader: Uploader,
  { digestCache }: IntakeOptions,
  signal: AbortSignal,
): Promise<SentLayer> {
  const { name, size, named } = layer;
  const { compressorId } = reader;
  if (compressorId === undefined) checkBlobSize(uploader.settings.target.limits, `Layer ${name}`, size);
  const known =
    named &&
    (compressorId === undefined ? { digest: named, size } : await digestCache?.find(named, compressorId));
  const blob = reader.toBlob(known, async (entryDigest, content) => {
    if (compressorId !== undefined) await digestCache?.record(entryDigest, compressorId, content);
  });
  if (known && (await uploader.findAvailable([known.digest], signal)).has(known.digest)) {
    await reader.drain();
    uploader.noteExisting(blob, known);
    return describeSent(reader, { content: known, outcome: 'existing', resumedBytes: 0 });
  }
  return describeSent(reader, await uploader.upload(blob, signal));
}

function describeSent(
  { entryDigest, diffId, compressorId }: LayerReader,
  {
    content: { digest, size },
    outcome,
    resumedBytes,
  }: Pick<SentLayer, 'content' | 'outcome' | 'resumedBytes'>,
): SentLayer {
  return { entryDigest, diffId, content: { digest, size }, compressorId, outcome, resumedBytes };
}
