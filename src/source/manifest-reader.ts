import { EcrpError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { verifyContent } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { invalidInput } from '../oci/json.ts';
import { type ImageIndex, type ImageManifest, MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { isIndex, isManifest } from '../oci/media-types.ts';
import { type FileStore, readStoredFile } from './file-store.ts';
import { nameBlob } from './oci-layout.ts';

/** Most bytes of manifests read to find out what a layout holds. */
const MAX_TOTAL_MANIFEST_BYTES = 64 * 1024 * 1024;

/** Reads manifests of a layout, each once. */
export class ManifestReader {
  readonly #store: FileStore;
  readonly #read = new Map<Digest, ImageManifest | ImageIndex | undefined>();
  #bytes = 0;

  constructor(store: FileStore) {
    this.#store = store;
  }

  /** Undefined for one that is missing or damaged: that is an error only when it is pushed. */
  async find(descriptor: Descriptor): Promise<ImageManifest | ImageIndex | undefined> {
    const { digest } = descriptor;
    if (!this.#read.has(digest)) this.#read.set(digest, await this.#readOnce(descriptor));
    return this.#read.get(digest);
  }

  async #readOnce(descriptor: Descriptor): Promise<ImageManifest | ImageIndex | undefined> {
    const { digest, mediaType } = descriptor;
    if (!isIndex(mediaType) && !isManifest(mediaType)) return undefined;
    try {
      if (this.#store.find(nameBlob(digest)) === undefined) return undefined;
      const bytes = await readStoredFile(this.#store, nameBlob(digest), MAX_MANIFEST_BYTES);
      this.#bytes += bytes.length;
      verifyContent(bytes, descriptor, this.#store.path);
      if (this.#bytes <= MAX_TOTAL_MANIFEST_BYTES) return parseManifest(bytes, mediaType, this.#store.path);
    } catch (error) {
      if (error instanceof EcrpError && error.code === 'INVALID_INPUT') return undefined;
      throw error;
    }
    const problem = `its manifests are longer than ${MAX_TOTAL_MANIFEST_BYTES} bytes together`;
    throw invalidInput(this.#store.path, problem);
  }
}
