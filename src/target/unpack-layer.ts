import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { canDecode, createDecoder, detectFileType, MAGIC_BYTES } from '../compress/decoder.ts';
import { EcrpError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { GrowingFile } from './growing-file.ts';
import { createStreamHash } from './stream-hash.ts';

/** Most bytes that a layer may unpack to: the largest layer of ECR Public at any ratio, plus a hundred times what was fetched. */
const MOST_BYTES = { any: 10_000 * 1024 * 1024, factor: 100 };

/** A layer of an image, compressed or not. `size` is that of the blob, in bytes. */
export interface PackedLayer {
  readonly digest: Digest;
  readonly size: number;
  /** As the config states it. */
  readonly diffId: Digest;
}

/**
 * Yields the bytes of a layer unpacked, while its file grows. Chunks are not changed afterwards. Throws INVALID_INPUT at the end if they
 * have not the diff ID, and for a layer that cannot be unpacked; what the fetch failed with, if it fails.
 */
export async function* unpackLayer(
  file: GrowingFile,
  layer: PackedLayer,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const hash = createStreamHash(layer.size);
  let hashing: Promise<void> = Promise.resolve();
  const mostBytes = MOST_BYTES.any + MOST_BYTES.factor * layer.size;
  let bytes = 0;
  try {
    for await (const chunk of decode(file, layer)) {
      signal.throwIfAborted();
      await hashing;
      hashing = hash.update(chunk);
      // It is awaited before the next one; until then a failure must not count as unhandled.
      hashing.catch(() => undefined);
      bytes += chunk.length;
      if (bytes > mostBytes) throw refuse(layer, `it unpacks to more than ${mostBytes} bytes`);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof EcrpError) throw error;
    signal.throwIfAborted();
    // Wrong bytes do not unpack: the fetch finds out that they are wrong, and says so.
    await file.waitUntilWhole();
    const detail = error instanceof Error ? error.message : String(error);
    throw refuse(layer, `it cannot be unpacked: ${detail}`, { cause: error });
  }
  await Promise.all([hashing, file.waitUntilWhole()]);
  const found = await hash.digest();
  if (found === layer.diffId) return;
  throw refuse(layer, `it unpacks to ${found}, but the config of the image says ${layer.diffId}`);
}

async function* decode(file: GrowingFile, layer: PackedLayer): AsyncGenerator<Buffer> {
  const chunks = file.read();
  try {
    const first = (await chunks.next()).value;
    if (first === undefined) return;
    const all = prepend(first, chunks);
    const type = detectFileType(first.subarray(0, MAGIC_BYTES));
    if (type === 'unknown' || type === 'zip') yield* all;
    else if (canDecode(type)) yield* decompress(all, createDecoder(type));
    else throw refuseCompression(layer, type);
  } finally {
    await chunks.return(undefined);
  }
}

async function* prepend(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

async function* decompress(chunks: AsyncIterable<Buffer>, decoder: Transform): AsyncGenerator<Buffer> {
  // The decoder emits the errors of both.
  const feeding = pipeline(chunks, decoder).catch(() => undefined);
  try {
    yield* decoder;
  } finally {
    decoder.destroy();
    await feeding;
  }
}

const WITHOUT_UNPACKING = 'Pull it into a directory or with --format oci: layers stay as they are there.';

function refuseCompression(layer: PackedLayer, type: string): EcrpError {
  const hint =
    type === 'zstd' ? `Run ecrp with Node 22.15 or later. ${WITHOUT_UNPACKING}` : WITHOUT_UNPACKING;
  return refuse(layer, `it is compressed with ${type}, which ecrp cannot unpack here`, { hint });
}

function refuse(
  { digest }: PackedLayer,
  problem: string,
  { hint = WITHOUT_UNPACKING, cause }: { readonly hint?: string; readonly cause?: unknown } = {},
): EcrpError {
  return new EcrpError('INVALID_INPUT', `layer ${digest}: ${problem}`, { hint, cause });
}
