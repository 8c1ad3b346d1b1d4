import { createHash } from 'node:crypto';
import type { Digest } from '../oci/digest.ts';
import { ForwardReader } from './forward-reader.ts';
import type { KeptFile } from './kept-file.ts';
import type { LayerIntake } from './layer-intake.ts';
import { LAYER_START_BYTES, recognizeLayer } from './recognize-layer.ts';
import { readTarEntries, type TarEntry } from './tar-entries.ts';

/** An entry up to this long is kept; configs and manifests are hardly ever longer, and small layers do no harm. */
export const SMALL_BYTES = 1024 * 1024;

/**
 * Reads a tar once, from its first byte to the last one of the stream: entries that can be nothing but layers are given to
 * `intake` while they arrive, all others are kept. Afterwards `kept` is the same tar without the bytes of these layers, but
 * for those that tell how each is packed. Throws INVALID_INPUT as `readTarEntries` does, and what the intake throws.
 */
export async function receiveTar(
  chunks: AsyncIterable<Buffer>,
  kept: KeptFile,
  intake: LayerIntake,
): Promise<void> {
  const reader = new ForwardReader(kept.path, chunks, kept);
  const starts = new Map<string, number>();
  for await (const entry of readTarEntries(reader, intake.signal)) {
    if (entry.kind === 'file') await receiveEntry(entry, reader, kept, intake, starts);
  }
  // Whoever writes the stream would take an early end for a failure.
  await reader.drain();
  kept.end(reader.position);
  await intake.finish();
  for (const [name, start] of starts) {
    const layer = intake.sent.get(name);
    if (layer !== undefined) kept.noteDigest(start, layer.entryDigest);
  }
}

async function receiveEntry(
  entry: TarEntry,
  reader: ForwardReader,
  kept: KeptFile,
  intake: LayerIntake,
  starts: Map<string, number>,
): Promise<void> {
  const { name, start, size } = entry;
  const end = start + size;
  const isKept = size <= SMALL_BYTES && kept.hasRoomFor(size);
  const firstCount = Math.min(LAYER_START_BYTES, size);
  const firstBytes = isKept ? undefined : (await reader.peek(firstCount)).subarray(0, firstCount);
  const layer = firstBytes && recognizeLayer(entry, firstBytes);
  if (firstBytes === undefined || layer === undefined) {
    for await (const { at, chunk } of takeChunks(reader, end)) await kept.keep(at, chunk);
    return;
  }
  await kept.keep(start, firstBytes);
  if (starts.has(name)) {
    const digest = await digestChunks(reader, end);
    kept.noteDigest(start, digest);
    return;
  }
  starts.set(name, start);
  const sink = await intake.begin(layer);
  for await (const { chunk } of takeChunks(reader, end)) await sink.write(chunk);
  // One that is cut short is given up by whoever is told that the archive is.
  if (reader.position === end) sink.end();
}

async function* takeChunks(
  reader: ForwardReader,
  end: number,
): AsyncGenerator<{ readonly at: number; readonly chunk: Buffer }> {
  while (reader.position < end) {
    const at = reader.position;
    const chunk = await reader.take(end - at);
    if (chunk === undefined) return;
    yield { at, chunk };
  }
}

/** Of a repeated entry: whether it says the same is seen when somebody asks for it. */
async function digestChunks(reader: ForwardReader, end: number): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const { chunk } of takeChunks(reader, end)) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
