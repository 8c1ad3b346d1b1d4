import type { ImageSource } from '../../ends/image-source.ts';
import { EcrpError } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageIndex, ImageManifest } from '../../oci/manifest.ts';
import { isAnyManifest, isNondistributable } from '../../oci/media-types.ts';
import type { ManifestCache } from './manifest-cache.ts';
import { parseFound } from './parse-found.ts';

/** An image of a registry. */
export interface RegistryImage {
  readonly digest: Digest;
  /** As the user wrote them. */
  readonly names: readonly string[];
}

/**
 * Opens one image of a registry as a source. Its manifests are read when they are needed, each once, and a blob when it is sent, from any byte.
 * What refers to the image is left to `findTravelling`. The cache may serve several sources, so its owner closes it. Throws NOT_FOUND if the
 * image is gone, INVALID_INPUT if it is something else.
 */
export async function openRegistrySource(
  manifests: ManifestCache,
  { digest, names }: RegistryImage,
): Promise<ImageSource> {
  const { remote } = manifests;
  const { name: path } = remote;
  const kinds = new BlobKinds(digest);
  const read = await manifests.require(digest);
  const root: Descriptor = { digest, mediaType: read.mediaType, size: read.bytes.length };
  kinds.learn(parseFound(read));

  async function* yieldManifest(wanted: Digest, start: number): AsyncGenerator<Buffer> {
    const found = await manifests.find(wanted);
    if (found === undefined) {
      throw new EcrpError(
        'INVALID_INPUT',
        `${path}: the manifest ${wanted} does not exist, but an index lists it`,
        { hint: 'Choose the platforms that are there with --platform.' },
      );
    }
    // As the plan parses it: under the media type that its descriptor states.
    kinds.learn(parseFound({ ...found, mediaType: kinds.findMediaType(wanted) ?? found.mediaType }));
    yield found.bytes.subarray(start);
  }

  return {
    path,
    format: 'registry',
    isRemote: true,
    images: [{ kind: 'manifest', names, root }],
    has: (ref) => ref.kind === 'digest' && !kinds.isForeign(ref.digest),
    open: (ref, start) => {
      if (ref.kind !== 'digest') throw new TypeError('a registry has no entries');
      return kinds.isManifest(ref.digest) ? yieldManifest(ref.digest, start) : remote.openBlob(ref, start);
    },
    expect: (descriptors) => {
      kinds.learnManifests(descriptors);
      manifests.expect(
        descriptors.filter(({ mediaType: type }) => isAnyManifest(type)).map((each) => each.digest),
      );
    },
    close: async () => undefined,
  };
}

/** What a digest stands for, by the manifests read so far. */
class BlobKinds {
  readonly #root: Digest;
  /** Their media types, as their descriptors state them. */
  readonly #manifests = new Map<Digest, string>();
  /** Layers that their publisher serves. A registry mostly lacks them. */
  readonly #foreign = new Set<Digest>();
  readonly #own = new Set<Digest>();

  constructor(root: Digest) {
    this.#root = root;
  }

  learn(manifest: ImageManifest | ImageIndex | undefined): void {
    if (manifest?.kind === 'index') this.learnManifests(manifest.manifests);
    for (const { digest, mediaType, urls = [] } of manifest?.kind === 'image' ? manifest.layers : []) {
      const isForeign = urls.length > 0 && isNondistributable(mediaType);
      (isForeign ? this.#foreign : this.#own).add(digest);
    }
  }

  learnManifests(descriptors: readonly Descriptor[]): void {
    for (const { digest, mediaType } of descriptors) {
      if (isAnyManifest(mediaType)) this.#manifests.set(digest, mediaType);
    }
  }

  isManifest(digest: Digest): boolean {
    return digest === this.#root || this.#manifests.has(digest);
  }

  findMediaType(digest: Digest): string | undefined {
    return this.#manifests.get(digest);
  }

  /** Whether every manifest says so. */
  isForeign(digest: Digest): boolean {
    return this.#foreign.has(digest) && !this.#own.has(digest);
  }
}
