import type { ManifestImage } from '../ends/image-source.ts';
import { EcrpError } from '../errors.ts';
import { isObject, type JsonObject } from '../json.ts';
import { type Descriptor, verifyContent } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { describeValue, expectObject, expectString, invalidInput, parseJson } from '../oci/json.ts';
import {
  type ImageIndex,
  type ImageManifest,
  MAX_MANIFEST_BYTES,
  parseIndexObject,
  parseManifest,
} from '../oci/manifest.ts';
import { isIndex, isManifest, OCI_INDEX } from '../oci/media-types.ts';
import { type FileStore, readStoredFile } from './source-store.ts';

export const LAYOUT_FILE = 'oci-layout';
export const INDEX_FILE = 'index.json';

/** The name of an image in `index.json`: containerd's and Docker's whole name, else the OCI's, which may be a tag alone. */
export const NAME_ANNOTATIONS = ['io.containerd.image.name', 'org.opencontainers.image.ref.name'];

/** Where a blob lies in an OCI image layout. */
export function nameBlob(digest: Digest): string {
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

/** What `index.json` says. */
export interface LayoutIndex {
  /** Those of one digest as one image with several names, in their order. */
  readonly images: readonly ManifestImage[];
  readonly document: JsonObject;
  readonly bytes: Buffer;
}

/** Reads the `index.json` of an OCI image layout, which may list nothing. Throws INVALID_INPUT when the layout is malformed. */
export async function readLayoutIndex(store: FileStore): Promise<LayoutIndex> {
  await assertLayoutVersion(store);
  const subject = `${store.path}: ${INDEX_FILE}`;
  const bytes = await readStoredFile(store, INDEX_FILE, MAX_MANIFEST_BYTES);
  const document = expectObject(parseJson(bytes, subject, MAX_MANIFEST_BYTES), subject, 'the document');
  const images = new Map<Digest, { root: Descriptor; names: Set<string> }>();
  for (const root of parseIndexObject(document, OCI_INDEX, subject).manifests) {
    const image = images.get(root.digest) ?? { root, names: new Set() };
    if (image.root.size !== root.size || image.root.mediaType !== root.mediaType) {
      throw invalidInput(subject, `its entries for ${root.digest} differ in size or media type`);
    }
    const name = NAME_ANNOTATIONS.map((key) => root.annotations?.[key]).find((text) => text);
    if (name !== undefined) image.names.add(name);
    images.set(root.digest, image);
  }
  return {
    images: [...images.values()].map(({ root, names }) => ({ kind: 'manifest', root, names: [...names] })),
    document,
    bytes,
  };
}

async function assertLayoutVersion(store: FileStore): Promise<void> {
  const subject = `${store.path}: ${LAYOUT_FILE}`;
  const maxBytes = 64 * 1024;
  const layout = parseJson(await readStoredFile(store, LAYOUT_FILE, maxBytes), subject, maxBytes);
  const version = isObject(layout) ? layout.imageLayoutVersion : undefined;
  if (!expectString(version, subject, 'imageLayoutVersion').startsWith('1.')) {
    throw invalidInput(subject, `imageLayoutVersion is ${describeValue(version)}; version 1 is read`);
  }
}

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
