import type { ManifestImage } from '../ends/image-source.ts';
import { EcrpError } from '../errors.ts';
import { listNames } from '../foreign-text.ts';
import { isObject, type JsonObject } from '../json.ts';
import { type Descriptor, verifyContent } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import {
  checkLayoutVersion,
  INDEX_FILE,
  LAYOUT_FILE,
  MAX_LAYOUT_FILE_BYTES,
  NAME_ANNOTATIONS,
  nameBlob,
} from '../oci/image-layout.ts';
import { expectObject, invalidInput, parseJson } from '../oci/json.ts';
import {
  type ImageIndex,
  type ImageManifest,
  MAX_MANIFEST_BYTES,
  parseIndexObject,
  parseManifest,
} from '../oci/manifest.ts';
import { isAnyManifest, isIndex, isManifest, OCI_INDEX } from '../oci/media-types.ts';
import { readStoredFile, type SourceStore } from './source-store.ts';

/** The content of `index.json`. */
export interface LayoutIndex {
  /** In their order. Entries with the same digest are one image with several names. */
  readonly images: readonly ManifestImage[];
  readonly document: JsonObject;
  readonly bytes: Buffer;
}

/** Reads the `index.json` of an OCI image layout, which may be empty. Throws INVALID_INPUT if the layout is malformed. */
export async function readLayoutIndex(store: SourceStore): Promise<LayoutIndex> {
  checkLayoutVersion(await readStoredFile(store, LAYOUT_FILE, MAX_LAYOUT_FILE_BYTES), store.path);
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
  const listed = [...images.values()].map(
    ({ root, names }): ManifestImage => ({ kind: 'manifest', root, names: [...names] }),
  );
  return { images: dropOthers(listed, store.path), document, bytes };
}

/** A layout may list anything beside its images (OCI image specification). A warning of the first image names what is left out. */
function dropOthers(listed: readonly ManifestImage[], path: string): readonly ManifestImage[] {
  const isImage = ({ root }: ManifestImage): boolean => isAnyManifest(root.mediaType);
  const others = listed.filter((each) => !isImage(each));
  const [first, ...images] = listed.filter(isImage);
  if (first === undefined || others.length === 0) return listed;
  const types = listNames([...new Set(others.map(({ root }) => root.mediaType))]);
  return [{ ...first, warnings: [`${path}: left out, as it is no image: ${types}`] }, ...images];
}

/** Most bytes of manifests that are read to find out what a layout holds. */
const MAX_TOTAL_MANIFEST_BYTES = 64 * 1024 * 1024;

/** A manifest, and its exact bytes. */
export interface StoredManifest {
  readonly bytes: Buffer;
  readonly manifest: ImageManifest | ImageIndex;
}

/** Reads the manifests of a layout. Throws INVALID_INPUT once they are too long together. */
export class ManifestReader {
  readonly #store: SourceStore;
  readonly #found = new Map<Digest, ImageManifest | ImageIndex | undefined>();
  #totalBytes = 0;

  constructor(store: SourceStore) {
    this.#store = store;
  }

  /** Undefined if it is missing. Throws INVALID_INPUT if it is damaged. */
  async read(descriptor: Descriptor): Promise<StoredManifest | undefined> {
    const bytes = await this.#readBytes(descriptor);
    return bytes && { bytes, manifest: parseManifest(bytes, descriptor.mediaType, this.#store.path) };
  }

  async #readBytes(descriptor: Descriptor): Promise<Buffer | undefined> {
    const { digest } = descriptor;
    if (this.#store.find(nameBlob(digest)) === undefined) return undefined;
    const bytes = await readStoredFile(this.#store, nameBlob(digest), MAX_MANIFEST_BYTES);
    this.#totalBytes += bytes.length;
    this.#assertFewBytes();
    verifyContent(bytes, descriptor, this.#store.path);
    return bytes;
  }

  /** The digest of the subject of a retired kind of artifact, which is no manifest. Undefined if none can be read. */
  async findRetiredSubject(descriptor: Descriptor): Promise<Digest | undefined> {
    try {
      const bytes = await this.#readBytes(descriptor);
      const document = bytes && parseJson(bytes, descriptor.digest, MAX_MANIFEST_BYTES);
      const subject = isObject(document) && isObject(document.subject) ? document.subject.digest : undefined;
      return isDigest(subject) ? subject : undefined;
    } catch (error) {
      if (error instanceof EcrpError && error.code === 'INVALID_INPUT') return undefined;
      throw error;
    }
  }

  /** Reads a manifest once. Undefined if it is missing or damaged: that is an error only when it is pushed. */
  async find(descriptor: Descriptor): Promise<ImageManifest | ImageIndex | undefined> {
    const { digest, mediaType } = descriptor;
    if (!isIndex(mediaType) && !isManifest(mediaType)) return undefined;
    if (!this.#found.has(digest)) {
      try {
        this.#found.set(digest, (await this.read(descriptor))?.manifest);
      } catch (error) {
        if (!(error instanceof EcrpError) || error.code !== 'INVALID_INPUT') throw error;
        this.#found.set(digest, undefined);
      }
      this.#assertFewBytes();
    }
    return this.#found.get(digest);
  }

  #assertFewBytes(): void {
    if (this.#totalBytes <= MAX_TOTAL_MANIFEST_BYTES) return;
    const problem = `its manifests together are longer than ${MAX_TOTAL_MANIFEST_BYTES} bytes`;
    throw invalidInput(this.#store.path, problem);
  }
}
