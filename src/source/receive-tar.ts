import { createHash } from 'node:crypto';
import type { Digest } from '../oci/digest.ts';
import { fillHoles } from './fill-holes.ts';
import { ForwardReader } from './forward-reader.ts';
import { readImageEntries } from './image-entries.ts';
import type { KeptFile } from './kept-file.ts';
import type { LayerIntake } from './layer-intake.ts';
import { LAYER_START_BYTES, recognizeLayer } from './recognize-layer.ts';
import type { TarEntry } from './tar-entries.ts';

/** An entry up to this long is kept; configs and manifests are hardly ever longer, and small layers do no harm. */
export const SMALL_BYTES = 1024 * 1024;

/**
 * Reads a tar once, from its first byte to the last one of the stream: entries that can be nothing but layers are given to
 * `intake` while they arrive, all others are kept. Afterwards `kept` is the same tar without the bytes of these layers, but
 * for those that tell how each is packed. Throws INVALID_INPUT as `readImageEntries` does, and what the intake throws.
 */
export async function receiveTar(
  chunks: AsyncIterable<Buffer>,
  kept: KeptFile,
  intake: LayerIntake,
): Promise<void> {
  const reader = new ForwardReader(kept.path, chunks, kept);
  const starts = new Map<string, number>();
  for await (const entry of readImageEntries(reader, intake.signal)) {
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
  const { name, start, storedBytes } = entry;
  const end = start + storedBytes;
  const isSmall = storedBytes <= SMALL_BYTES && kept.hasRoomFor(storedBytes);
  const firstCount = Math.min(LAYER_START_BYTES, storedBytes);
  const isKept = isSmall || !beginsWithData(entry, firstCount);
  const firstBytes = isKept ? undefined : (await reader.peek(firstCount)).subarray(0, firstCount);
  const layer = firstBytes && recognizeLayer(entry, firstBytes);
  if (firstBytes === undefined || layer === undefined) {
    for await (const { at, chunk } of takeChunks(reader, end)) await kept.keep(at, chunk);
    return;
  }
  await kept.keep(start, firstBytes);
  if (starts.has(name)) {
    const digest = await digestBytes(expand(reader, entry));
    kept.noteDigest(start, digest);
    return;
  }
  starts.set(name, start);
  const sink = await intake.begin(layer);
  for await (const chunk of expand(reader, entry)) await sink.write(chunk);
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

/** The bytes of the entry that comes next, with the zeros of its holes. */
async function* expand(
  reader: ForwardReader,
  { start, storedBytes, extents, size }: TarEntry,
): AsyncGenerator<Buffer> {
  const chunks = takeBytes(reader, start + storedBytes);
  yield* extents === undefined ? chunks : fillHoles(chunks, extents, size);
}

async function* takeBytes(reader: ForwardReader, end: number): AsyncGenerator<Buffer> {
  for await (const { chunk } of takeChunks(reader, end)) yield chunk;
}

/** Whether the first bytes of a file are the first that are stored: it may begin with a hole. */
function beginsWithData({ extents }: TarEntry, count: number): boolean {
  if (extents === undefined) return true;
  const first = extents.find(({ length }) => length > 0);
  return first !== undefined && first.offset === 0 && first.length >= count;
}

/** Of a repeated entry: whether it says the same is seen when somebody asks for it. */
async function digestBytes(chunks: AsyncIterable<Buffer>): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
