import { join } from 'node:path';
import { type DerivedAbort, deriveAbort, onAbort } from '../async/abort.ts';
import type { OutgoingBlob } from '../ends/blob.ts';
import type { BlobUpload, ImageTarget, PutAnswer, UploadedBlob } from '../ends/image-target.ts';
import type { Digest } from '../oci/digest.ts';
import { GrowingFile } from './growing-file.ts';
import { expectKnown, receiveBlob } from './receive-blob.ts';
import type { TarPlace } from './tar-place.ts';
import { type PackedLayer, unpackLayer } from './unpack-layer.ts';

/** The image of a docker-archive. */
export interface ArchivedImage {
  /** Exactly as in the registry; its digest is the image ID. */
  readonly config: Buffer;
  readonly configDigest: Digest;
  /** Lowest layer first. */
  readonly layers: readonly PackedLayer[];
  /** Names with tags, as `docker load` takes them. */
  readonly names: readonly string[];
}

/**
 * A docker-archive of one image as a target. Layers are fetched into files, as many at a time as the engine starts, and unpacked into the tar
 * one after the other while they come. The manifest of the image ends the tar.
 */
export class DockerArchive implements ImageTarget {
  readonly limits = { service: 'a docker-archive' };
  readonly #place: TarPlace;
  readonly #image: ArchivedImage;
  /** Aborted by the first failure to unpack. */
  readonly #abort: DerivedAbort;
  /** Ends when the last layer that began to come is in the tar. Equal images make equal tars. */
  #added: Promise<void> = Promise.resolve();
  readonly #adding = new Map<Digest, Promise<void>>();

  constructor(place: TarPlace, image: ArchivedImage, signal: AbortSignal) {
    this.#place = place;
    this.#image = image;
    this.#abort = deriveAbort(signal);
  }

  async findAvailable(): Promise<ReadonlySet<Digest>> {
    return new Set();
  }

  async uploadBlob(
    outgoing: OutgoingBlob,
    { onEvent }: BlobUpload,
    signal: AbortSignal,
  ): Promise<UploadedBlob> {
    const blob = expectKnown(outgoing);
    const { id, content } = blob;
    const layer = this.#image.layers.find(({ digest }) => digest === id);
    // The config is there: it tells the diff IDs.
    if (layer === undefined) return { outcome: 'uploaded', content, resumedBytes: 0 };
    const file = new GrowingFile(join(this.#place.directory, id.slice('sha256:'.length)));
    this.#startAdding(file, layer);
    const { signal: inner, abort, dispose } = deriveAbort(signal);
    const stopListening = onAbort(this.#abort.signal, () => abort(this.#abort.signal.reason));
    try {
      const onWritten = (bytes: number): void => file.grow(bytes);
      const resumedBytes = await receiveBlob(file.path, blob, { onEvent, onWritten }, inner);
      file.finish(content.size);
      return { outcome: 'uploaded', content, resumedBytes };
    } catch (error) {
      file.fail(error);
      throw error;
    } finally {
      stopListening();
      dispose();
    }
  }

  async putManifest(): Promise<PutAnswer> {
    await Promise.all(this.#adding.values());
    const { config, configDigest, layers, names } = this.#image;
    const { tar } = this.#place;
    const configName = `${configDigest.slice('sha256:'.length)}.json`;
    await tar.addBytes(configName, config);
    const manifest = [{ Config: configName, RepoTags: names, Layers: layers.map(nameLayer) }];
    await tar.addBytes('manifest.json', Buffer.from(JSON.stringify(manifest)));
    await tar.end();
    await this.#place.complete();
    return { kind: 'put', registryId: undefined };
  }

  async locateTag(): Promise<undefined> {}

  async openReader(): Promise<undefined> {}

  /** Ends what is still being unpacked. Idempotent. */
  async close(): Promise<void> {
    this.#abort.abort();
    await Promise.allSettled(this.#adding.values());
    this.#abort.dispose();
  }

  /** Different blobs may unpack to one layer, which is added once. */
  #startAdding(file: GrowingFile, layer: PackedLayer): void {
    const before = this.#adding.get(layer.diffId);
    const adding = before === undefined ? this.#add(file, layer) : this.#check(file, layer, before);
    adding.catch((error: unknown) => this.#abort.abort(error));
    this.#adding.set(layer.diffId, adding);
  }

  #add(file: GrowingFile, layer: PackedLayer): Promise<void> {
    this.#added = this.#addAfter(this.#added, file, layer);
    return this.#added;
  }

  async #addAfter(before: Promise<void>, file: GrowingFile, layer: PackedLayer): Promise<void> {
    const { signal } = this.#abort;
    const { tar, isStream } = this.#place;
    const measuring = isStream ? countBytes(unpackLayer(file, layer, signal)) : undefined;
    const [size] = await Promise.all([measuring, before]);
    signal.throwIfAborted();
    const chunks = unpackLayer(file, layer, signal);
    await (size === undefined
      ? tar.addUnmeasured(nameLayer(layer), chunks)
      : tar.addChunks(nameLayer(layer), size, chunks));
  }

  async #check(file: GrowingFile, layer: PackedLayer, before: Promise<void>): Promise<void> {
    await Promise.all([before, countBytes(unpackLayer(file, layer, this.#abort.signal))]);
  }
}

function nameLayer({ diffId }: PackedLayer): string {
  return `${diffId.slice('sha256:'.length)}/layer.tar`;
}

async function countBytes(chunks: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.length;
  return bytes;
}
