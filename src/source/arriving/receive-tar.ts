import { detectFileType } from '../../compress/decoder.ts';
import type { ArrivingLayer, LayerIntake } from '../../ends/layer-intake.ts';
import type { Digest } from '../../oci/digest.ts';
import { readLayerName } from '../layer-names.ts';
import { digestBytes } from '../source-store.ts';
import { fillHoles } from '../tar/fill-holes.ts';
import { readImageEntries, type TarEntry } from '../tar/tar-entries.ts';
import { BLOCK_BYTES, isTarHeader } from '../tar/tar-header.ts';
import { ForwardReader } from './forward-reader.ts';
import type { KeptFile } from './kept-file.ts';
import { LegacyLayers } from './legacy-layers.ts';
import { isWindowsLayer } from './windows-layer.ts';

/** Entries up to this size are kept. Configs and manifests are hardly ever larger, and small layers do no harm. */
export const SMALL_BYTES = 1024 * 1024;

/**
 * Reads a tar once, to the end of the stream. It gives entries that must be layers to `intake` and keeps all others, also
 * layers that the end of the tar may call foreign. Then
 * `kept` is the same tar without the bytes of these layers, except the first ones, which tell their compression. Throws
 * INVALID_INPUT as `readImageEntries` does, and the errors of the intake. `diffIds`: those of the image, if they are known before.
 */
export async function receiveTar(
  chunks: AsyncIterable<Buffer>,
  kept: KeptFile,
  intake: LayerIntake,
  diffIds: readonly Digest[] = [],
): Promise<void> {
  const legacy = new LegacyLayers(diffIds);
  const reader = new ForwardReader(kept.path, chunks, kept);
  const starts = new Map<string, number>();
  for await (const entry of readImageEntries(reader, intake.signal)) {
    if (entry.kind === 'file') await receiveEntry(entry, reader, kept, intake, { starts, legacy });
  }
  // Read to the end of the stream: a writer whose pipe closes early would fail.
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
  { starts, legacy }: { readonly starts: Map<string, number>; readonly legacy: LegacyLayers },
): Promise<void> {
  const { name, start, storedBytes } = entry;
  await legacy.note(entry, reader);
  const end = start + storedBytes;
  const isSmall = storedBytes <= SMALL_BYTES && kept.hasRoomFor(storedBytes);
  const firstCount = Math.min(LAYER_START_BYTES, storedBytes);
  const isKept = isSmall || !beginsWithData(entry, firstCount);
  const firstBytes = isKept ? undefined : (await reader.peek(firstCount)).subarray(0, firstCount);
  const recognized = firstBytes && recognizeLayer(entry, firstBytes);
  const layer = recognized && nameLayer(recognized, legacy);
  const mayBeForeign = layer && !intake.foreignLayers && isWindowsLayer(firstBytes, layer.compression);
  if (firstBytes === undefined || layer === undefined || mayBeForeign) {
    for await (const { at, chunk } of takeChunks(reader, end)) await kept.keep(at, chunk);
    return;
  }
  await kept.keep(start, firstBytes);
  if (starts.has(name)) {
    // `openTarStore` compares it with the digest of the first.
    kept.noteDigest(start, await digestBytes(expand(reader, entry)));
    return;
  }
  starts.set(name, start);
  const sink = await intake.begin(layer);
  for await (const chunk of expand(reader, entry)) await sink.write(chunk);
  // If the layer is cut short, the next step of `readImageEntries` throws, and the caller aborts the intake.
  if (reader.position === end) sink.end();
}

/** An uncompressed layer is named by its diff ID. */
function nameLayer(layer: ArrivingLayer, legacy: LegacyLayers): ArrivingLayer {
  const { name, named, compression } = layer;
  return compression === 'none' && named === undefined ? { ...layer, named: legacy.find(name) } : layer;
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

/** Reads the next entry, with zeros for its holes. */
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

/** Whether the first `count` bytes of a file are stored: a sparse file may begin with a hole. */
function beginsWithData({ extents }: TarEntry, count: number): boolean {
  if (extents === undefined) return true;
  const first = extents.find(({ length }) => length > 0);
  return first !== undefined && first.offset === 0 && first.length >= count;
}

/** Number of first bytes that `recognizeLayer` needs. */
export const LAYER_START_BYTES = BLOCK_BYTES;

/**
 * Recognises a layer before `manifest.json` or a manifest was read: it has a name that writers of image archives give to
 * layers, and begins like a tar, gzip or zstd. Undefined in doubt.
 */
export function recognizeLayer(
  { name, size }: Pick<TarEntry, 'name' | 'size'>,
  start: Buffer,
): ArrivingLayer | undefined {
  const type = detectFileType(start);
  const isCompressed = type === 'gzip' || type === 'zstd';
  if (!isCompressed && !isTarHeader(start)) return undefined;
  const compression = isCompressed ? type : 'none';
  const known = readLayerName(name, isCompressed);
  return known && { name, size, compression, ...known };
}
