import { type Stats, statSync } from 'node:fs';
import { canDecode, detectFileType } from '../compress/decoder.ts';
import type { BlobRef, ImageSource, ListedImage, SentLayer } from '../ends/image-source.ts';
import type { Digest } from '../oci/digest.ts';
import { INDEX_FILE, LAYOUT_FILE, nameBlob } from '../oci/image-layout.ts';
import { invalidInput } from '../oci/json.ts';
import { type ByteFile, openByteFile } from './byte-file.ts';
import { describeChart } from './chart/chart-facts.ts';
import { ARCHIVE_FILE, readArchiveItems } from './docker-archive.ts';
import { ManifestReader, readLayoutIndex } from './oci-layout.ts';
import { refuseDirectory, refuseFile, refuseTar, refuseUnreadable } from './refusals.ts';
import { readSavedImages } from './saved-images.ts';
import { addBlobs } from './source-blobs.ts';
import { describeEntry, openDirectoryStore, type SourceStore } from './source-store.ts';
import { SPOOL_LIMIT, type SpoolInput, type SpoolLimit, spoolCompressed } from './spool.ts';
import { BLOCK_BYTES, isTarHeader } from './tar/tar-header.ts';
import { openTarStore } from './tar/tar-store.ts';

export interface OpenSourceOptions {
  readonly signal?: AbortSignal;
  /** Where temporary files go. */
  readonly temporaryDirectory: string;
  /** Most bytes of a compressed or piped source there. */
  readonly maxSpoolBytes?: number;
  /** Most bytes that a compressed tar may decompress to, if `maxSpoolBytes` is missing or nothing is written there. */
  readonly spoolLimit?: SpoolLimit;
  /** What `recognizeStream` gave for a stream, if its first bytes were read already. */
  readonly recognized?: SpoolInput | undefined;
  /** The diff IDs of the image, lowest layer first, if they are known before an archive arrives. */
  readonly diffIds?: readonly Digest[] | undefined;
}

export type SentLayers = ReadonlyMap<string, SentLayer>;

/**
 * Opens a source of images, recognised by its content: an OCI image layout (directory or tar) or a docker-archive. Tars may
 * be compressed with gzip, or with zstd where Node has it. The caller closes it. Throws INVALID_INPUT for anything else, and for
 * malformed sources.
 */
export async function openSource(path: string, options: OpenSourceOptions): Promise<ImageSource> {
  options.signal?.throwIfAborted();
  if (findStats(path).isDirectory()) {
    const store = openDirectoryStore(path);
    if (!hasLayout(store)) throw refuseDirectory(store);
    return openLayout(store, undefined);
  }
  return openTarSource(openByteFile(path, { followLinks: true }), options);
}

/**
 * The same for an open tar. The file is closed with the source, and if this throws. `sent`: the layers that were sent while
 * the tar arrived, by entry name.
 */
export async function openTarSource(
  file: ByteFile,
  options: OpenSourceOptions,
  sent?: SentLayers,
): Promise<ImageSource> {
  const store = await openTarStore(await decompressFile(file, options), options.signal);
  try {
    if (store.find(ARCHIVE_FILE) === undefined) {
      if (!hasLayout(store)) throw refuseTar(store);
      return await openLayout(store, sent);
    }
    const items = await readArchiveItems(store);
    const layout = hasLayout(store) ? await readLayoutIndex(store) : undefined;
    const { images, added } = await readSavedImages(store, layout?.images ?? [], items);
    const format = images.every(({ kind }) => kind === 'manifest') ? 'oci-layout' : 'docker-archive';
    return addBlobs(createSource(store, format, images, sent), added);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openLayout(store: SourceStore, sent: SentLayers | undefined): Promise<ImageSource> {
  const index = await readLayoutIndex(store);
  const [first, ...others] = index.images;
  if (first === undefined) throw invalidInput(`${store.path}: ${INDEX_FILE}`, 'it lists no image');
  // Most layouts list a single image.
  if (others.length === 0) {
    const manifest = await new ManifestReader(store).find(first.root);
    return createSource(store, 'oci-layout', [describeChart(first, manifest)], sent);
  }
  const { arrangeImages } = await import('./arrange-images.ts');
  const { images, referrers, added } = await arrangeImages(store, index);
  return addBlobs({ ...createSource(store, 'oci-layout', images, sent), referrers }, added);
}

async function decompressFile(file: ByteFile, options: OpenSourceOptions): Promise<ByteFile> {
  let isTaken = false;
  try {
    const start = await file.read(0, BLOCK_BYTES);
    if (isTarHeader(start)) {
      isTaken = true;
      return file;
    }
    const compression = detectFileType(start);
    if (!canDecode(compression)) throw refuseFile(file.path, start);
    const limit = options.spoolLimit ?? SPOOL_LIMIT;
    const decompressed = await spoolCompressed(file, compression, options, limit, options.signal);
    const decompressedStart = await decompressed.read(0, BLOCK_BYTES);
    if (isTarHeader(decompressedStart)) return decompressed;
    decompressed.close();
    throw refuseFile(file.path, decompressedStart, compression);
  } finally {
    if (!isTaken) file.close();
  }
}

function createSource(
  store: SourceStore,
  format: ImageSource['format'],
  images: readonly ListedImage[],
  sent?: SentLayers,
): ImageSource {
  return {
    path: store.path,
    format,
    images,
    has(ref) {
      return store.find(nameRef(ref)) !== undefined;
    },
    async *open(ref, start, reading) {
      const name = nameRef(ref);
      const file = store.find(name);
      if (file === undefined) throw invalidInput(describeEntry(store, name), 'it is missing');
      if (file.size !== ref.size) {
        const problem = `it should be ${ref.size} bytes long, but is ${file.size}`;
        throw invalidInput(describeEntry(store, name), problem);
      }
      yield* file.isLinked && ref.kind === 'digest' && store.openChecked !== undefined
        ? store.openChecked(file, ref.digest, start, reading)
        : store.open(file, start, file.size, reading);
    },
    findSent: (ref) => sent?.get(store.find(nameRef(ref))?.name ?? ''),
    close: () => store.close(),
  };
}

function nameRef(ref: BlobRef): string {
  return ref.kind === 'digest' ? nameBlob(ref.digest) : ref.name;
}

/** Whether there is an OCI layout, complete or not. Reading it checks that both files exist. */
function hasLayout(store: SourceStore): boolean {
  return store.find(INDEX_FILE) !== undefined || store.find(LAYOUT_FILE) !== undefined;
}

function findStats(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    throw refuseUnreadable(path, cause);
  }
}
