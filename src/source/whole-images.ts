import { findAttested, isAttestation } from '../oci/attestation.ts';
import { findOtherLayerCount, MAX_CONFIG_BYTES } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { nameBlob } from '../oci/image-layout.ts';
import { expectArray, expectObject, invalidInput, MAX_ITEMS, parseJson } from '../oci/json.ts';
import { type ImageManifest, MAX_INDEX_DEPTH, MAX_MANIFEST_BYTES } from '../oci/manifest.ts';
import { DOCKER_LAYER, isIndex, isManifest, OCI_LAYER } from '../oci/media-types.ts';
import { formatPlatform } from '../oci/platform.ts';
import { ManifestReader } from './oci-layout.ts';
import { readStoredFile, type SourceStore } from './source-store.ts';

/** Most descriptors that are looked at. */
const MAX_STEPS = 100_000;

/** A complete image, or the complete images of an index: all blobs are there, compressed, as many as the config lists. */
export interface WholeImage {
  readonly descriptor: Descriptor;
  /** The manifests of its images. */
  readonly manifests: readonly ImageManifest[];
  /** The images that are missing, so that it is an index of the others. */
  readonly missing: readonly string[];
}

/** `missing`: some of its blobs are missing. `unfit`: it is complete, but cannot be pushed as it is. */
type Found = WholeImage | 'missing' | 'unfit';

/**
 * Finds the complete images of an OCI layout. If images of an index are missing, as the containerd store saves it, it makes a
 * new index of the others; its bytes are in `added`.
 */
export class WholeImages {
  readonly #store: SourceStore;
  readonly #reader: ManifestReader;
  /** Whether a manifest can be used as it is. The rest of the archive may contradict it. */
  readonly #isFit: (manifest: ImageManifest) => boolean;
  readonly #found = new Map<Digest, Found>();
  readonly added = new Map<Digest, Buffer>();
  /** The layers of all manifests read, complete or not, by the digest of their config. */
  readonly layers = new Map<Digest, (readonly string[])[]>();
  #steps = 0;

  constructor(store: SourceStore, isFit: (manifest: ImageManifest) => boolean) {
    this.#store = store;
    this.#reader = new ManifestReader(store);
    this.#isFit = isFit;
  }

  /** Undefined for an incomplete image, and for an index without a complete one. */
  async find(root: Descriptor): Promise<WholeImage | undefined> {
    const found = await this.#look(root, 0);
    return typeof found === 'string' ? undefined : found;
  }

  async #look(descriptor: Descriptor, depth: number): Promise<Found> {
    this.#steps += 1;
    if (this.#steps > MAX_STEPS)
      throw invalidInput(this.#store.path, `its indexes list more than ${MAX_STEPS} images`);
    if (depth > MAX_INDEX_DEPTH) {
      throw invalidInput(this.#store.path, `its indexes are nested deeper than ${MAX_INDEX_DEPTH}`);
    }
    const known = this.#found.get(descriptor.digest);
    if (known !== undefined) return known;
    const found = await this.#read(descriptor, depth);
    this.#found.set(descriptor.digest, found);
    return found;
  }

  async #read(descriptor: Descriptor, depth: number): Promise<Found> {
    const { mediaType } = descriptor;
    if (!isIndex(mediaType) && !isManifest(mediaType)) return 'unfit';
    const read = await this.#reader.read(descriptor);
    if (read === undefined) return 'missing';
    const { bytes, manifest } = read;
    return manifest.kind === 'index'
      ? this.#joinChildren(descriptor, bytes, manifest.manifests, depth)
      : this.#judge(descriptor, manifest);
  }

  async #judge(descriptor: Descriptor, manifest: ImageManifest): Promise<Found> {
    const { config, layers } = manifest;
    const known = this.layers.get(config.digest) ?? [];
    this.layers.set(config.digest, [...known, layers.map(({ digest }) => nameBlob(digest))]);
    // A layer with URLs need not be there: its publisher serves it.
    const isThere = ({ digest, urls = [] }: Descriptor) =>
      urls.length > 0 || this.#store.find(nameBlob(digest)) !== undefined;
    if (![config, ...layers].every(isThere)) return 'missing';
    // Docker's own store saves layers uncompressed. They are compressed before they are pushed.
    if (layers.some(({ mediaType }) => mediaType === OCI_LAYER || mediaType === DOCKER_LAYER)) return 'unfit';
    const bytes = await readStoredFile(this.#store, nameBlob(config.digest), MAX_CONFIG_BYTES);
    if (findOtherLayerCount(manifest, bytes) !== undefined || !this.#isFit(manifest)) return 'unfit';
    return { descriptor, manifests: [manifest], missing: [] };
  }

  async #joinChildren(
    descriptor: Descriptor,
    bytes: Buffer,
    children: readonly Descriptor[],
    depth: number,
  ): Promise<Found> {
    const manifests = new Set<ImageManifest>();
    const missing: string[] = [];
    const kept: { readonly position: number; readonly child: Descriptor }[] = [];
    for (const [position, child] of children.entries()) {
      const found = await this.#look(child, depth + 1);
      if (found === 'unfit') return 'unfit';
      if (found === 'missing') {
        missing.push(child.platform === undefined ? child.digest : formatPlatform(child.platform));
        continue;
      }
      for (const manifest of found.manifests) manifests.add(manifest);
      missing.push(...found.missing);
      kept.push({
        position,
        child: { ...child, digest: found.descriptor.digest, size: found.descriptor.size },
      });
    }
    // An attestation is useless without its image.
    const digests = new Set<string | undefined>(kept.map(({ child }) => child.digest));
    const useful = kept.filter(({ child }) => !isAttestation(child) || digests.has(findAttested(child)));
    if (missing.length === 0) return { descriptor, manifests: [...manifests], missing };
    const [only, ...others] = useful;
    if (only === undefined) return 'missing';
    const found = { manifests: [...manifests], missing: [...new Set(missing)] };
    // A single image is pushed under its own digest, as docker does.
    if (others.length === 0) return { descriptor: only.child, ...found };
    return { descriptor: this.#makeIndex(descriptor, bytes, useful), ...found };
  }

  #makeIndex(
    descriptor: Descriptor,
    bytes: Buffer,
    kept: readonly { readonly position: number; readonly child: Descriptor }[],
  ): Descriptor {
    const subject = `${this.#store.path}: index ${descriptor.digest}`;
    const document = expectObject(parseJson(bytes, subject, MAX_MANIFEST_BYTES), subject, 'the document');
    const entries = expectArray(document.manifests, subject, 'manifests', MAX_ITEMS);
    const manifests = kept.map(({ position, child: { digest, size } }) => ({
      ...expectObject(entries[position], subject, `manifests[${position}]`),
      digest,
      size,
    }));
    const made = Buffer.from(JSON.stringify({ ...document, manifests }));
    const digest = digestOf(made);
    this.added.set(digest, made);
    return { ...descriptor, digest, size: made.length };
  }
}
