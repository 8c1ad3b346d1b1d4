import { createHash } from 'node:crypto';
import { runPool } from '../async/pool.ts';
import type { ImageReader, ReadManifest } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import { RetryBudget } from '../net/retry-budget.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageIndex, type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { LEAST_BYTES } from './read-answer.ts';
import { type ReadRetry, type RetryOptions, retryReading } from './retry-reading.ts';
import type { VerifyEvent } from './verify-events.ts';

export interface ImageToVerify {
  readonly tags: readonly string[];
  readonly digest: Digest;
  readonly mediaType: string;
  /** Manifests that were pushed with it and may not be below it, such as signatures. */
  readonly companions?: readonly Pick<Descriptor, 'digest' | 'mediaType'>[];
}

export interface VerifyOptions {
  /** Blobs read at the same time. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Waits before each further attempt at what is different or missing; default 0.5 and 2 s. */
  readonly waitsMs?: readonly number[];
  /** For what cannot be read. */
  readonly budget?: RetryBudget;
  /** How long an attempt may receive nothing; default 60 s. */
  readonly silentMs?: number;
  readonly onEvent?: ((event: VerifyEvent) => void) | undefined;
  readonly onRetry?: ((retry: ReadRetry) => void) | undefined;
}

const WAITS_MS = [500, 2_000];
/** A manifest arrives within this time, or never. */
const DOCUMENT_SILENT_MS = 10_000;
/** Bytes between two progress events. */
const PROGRESS_BYTES = 4 * 1024 * 1024;

/** What was read back and found equal. */
export interface VerifiedImage {
  readonly manifests: number;
  /** Distinct, configs included, without foreign layers that the registry lacks. */
  readonly blobs: number;
  /** Of the blobs. */
  readonly bytes: number;
}

/**
 * Reads a whole image back, as those who pull it will: where its tags point, then everything below its digest and its companions, because
 * each manifest names its parts by digest and size. Blobs are streamed. Throws UNAVAILABLE for what is missing or different.
 */
export async function verifyImage(
  reader: ImageReader,
  image: ImageToVerify,
  {
    concurrency,
    signal,
    waitsMs = WAITS_MS,
    budget = new RetryBudget(),
    silentMs,
    onEvent,
    onRetry,
  }: VerifyOptions,
): Promise<VerifiedImage> {
  const options = { waitsMs, budget, silentMs, onRetry, signal };
  const documents = { ...options, silentMs: Math.min(silentMs ?? DOCUMENT_SILENT_MS, DOCUMENT_SILENT_MS) };
  for (const tag of image.tags) await verifyTag(reader, tag, image.digest, documents);
  const blobs = new Map<Digest, Descriptor>();
  const manifests = new Set<Digest>();
  const pending: Pick<Descriptor, 'digest' | 'mediaType'>[] = [image, ...(image.companions ?? [])];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    if (manifests.has(next.digest)) continue;
    manifests.add(next.digest);
    const manifest = await verifyManifest(reader, next, documents);
    if (manifest.kind === 'index') pending.push(...manifest.manifests);
    else for (const blob of [manifest.config, ...manifest.layers]) blobs.set(blob.digest, blob);
  }
  const totalBytes = [...blobs.values()].reduce((sum, { size }) => sum + size, 0);
  onEvent?.({ kind: 'verify-started', blobs: blobs.size, bytes: totalBytes });
  const sizes: number[] = [];
  await runPool(blobs.values(), concurrency, signal, async (blob, inner) => {
    const size = await retryReading(
      `${reader.name}: the blob ${blob.digest}`,
      (watched, onProgress) => verifyBlob(reader, blob, watched, onProgress, onEvent),
      { ...options, signal: inner },
    );
    if (size === undefined) return;
    sizes.push(size);
    onEvent?.({ kind: 'blob-verified', digest: blob.digest, bytes: size });
  });
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return { manifests: manifests.size, blobs: sizes.length, bytes };
}

async function verifyTag(
  reader: ImageReader,
  tag: string,
  digest: Digest,
  options: RetryOptions,
): Promise<void> {
  const subject = `${reader.name}: the tag ${tag}`;
  const check = async (signal: AbortSignal): Promise<void> => {
    const found = await reader.readManifest(tag, signal);
    if (found === undefined) throw refuse(`${subject} is not there`);
    if (found.digest !== digest) {
      throw refuse(
        `${subject} points to ${found.digest}, not to the image that was pushed, ${digest}`,
        'Perhaps another client has moved it meanwhile; look which image it should be on.',
      );
    }
  };
  await retryReading(subject, check, options);
}

async function verifyManifest(
  reader: ImageReader,
  { digest, mediaType }: Pick<Descriptor, 'digest' | 'mediaType'>,
  options: RetryOptions,
): Promise<ImageManifest | ImageIndex> {
  const subject = `${reader.name}: the manifest ${digest}`;
  const check = async (signal: AbortSignal): Promise<ReadManifest> => {
    const found = await reader.readManifest(digest, signal);
    if (found === undefined) throw refuse(`${subject} is not there`);
    if (found.digest !== digest) throw refuse(`${subject} reads back as other bytes, ${found.digest}`);
    return found;
  };
  return parseManifest((await retryReading(subject, check, options)).bytes, mediaType, reader.name);
}

/** Returns the size; undefined for a foreign layer that the registry lacks. */
async function verifyBlob(
  reader: ImageReader,
  { digest, size, urls = [] }: Descriptor,
  signal: AbortSignal,
  onProgress: () => void,
  onEvent: VerifyOptions['onEvent'],
): Promise<number | undefined> {
  const subject = `${reader.name}: the blob ${digest}`;
  const chunks = await reader.openBlob(digest, signal);
  if (chunks === undefined) {
    if (urls.length > 0) return undefined;
    throw refuse(`${subject} is not there`);
  }
  const hash = createHash('sha256');
  let read = 0;
  let told = 0;
  let moved = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    read += chunk.length;
    if (read >= moved + LEAST_BYTES) {
      moved = read;
      onProgress();
    }
    if (read > size) throw refuse(`${subject} is longer than the ${size} bytes that the manifest says`);
    if (read >= told + PROGRESS_BYTES) {
      told = read;
      onEvent?.({ kind: 'verify-progress', digest, readBytes: read });
    }
  }
  const found = `sha256:${hash.digest('hex')}`;
  if (found === digest) return size;
  throw refuse(
    read === size
      ? `${subject} reads back as other bytes, ${found}`
      : `${subject} reads back cut short: ${read} of ${size} bytes`,
  );
}

function refuse(
  message: string,
  hint = 'The registry does not hold what was pushed: push the image under another tag, and tell AWS.',
): EcrpError {
  return new EcrpError('UNAVAILABLE', message, { hint });
}
