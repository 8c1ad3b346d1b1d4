import type { ManifestImage } from '../ends/image-source.ts';
import { isObject } from '../json.ts';
import { findAttested, isAttestation } from '../oci/attestation.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { NAME_ANNOTATIONS } from '../oci/image-layout.ts';
import { isManifest, OCI_INDEX } from '../oci/media-types.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { LayoutIndex } from './oci-layout.ts';

export interface JoinedImage {
  readonly image: ManifestImage;
  /** The bytes of the index, by its digest. */
  readonly added: ReadonlyMap<Digest, Buffer>;
}

/**
 * Makes one index of images that a layout lists side by side, if they are one image for several platforms: manifests with the
 * same name or none, each with its own platform. Otherwise undefined. The bytes are those of `index.json` if that lists
 * nothing else.
 */
export function joinPlatforms(
  { document, bytes }: LayoutIndex,
  images: readonly ManifestImage[],
): JoinedImage | undefined {
  const [first, ...others] = images;
  if (first === undefined || others.length === 0) return undefined;
  const isOfOneName = images.every(({ names }) => names.join('\n') === first.names.join('\n'));
  if (!isOfOneName || !images.every(({ root }) => isManifest(root.mediaType))) return undefined;
  const digests = new Set<string | undefined>(images.map(({ root }) => root.digest));
  const attestations = images.filter(({ root }) => isAttestation(root) && digests.has(findAttested(root)));
  const platforms = new Set<string>();
  for (const image of images.filter((each) => !attestations.includes(each))) {
    const { platform } = image.root;
    const key =
      platform && JSON.stringify([formatPlatform(platform), platform['os.version'], platform['os.features']]);
    if (key === undefined || platform?.os === 'unknown' || platforms.has(key)) return undefined;
    platforms.add(key);
  }
  if (platforms.size < 2) return undefined;
  const entries = Array.isArray(document.manifests) ? document.manifests.filter(isObject) : [];
  const kept = entries.filter(({ digest }) => typeof digest === 'string' && digests.has(digest));
  const isAll = kept.length === entries.length && kept.length === images.length && first.names.length === 0;
  const made =
    isAll && document.mediaType === OCI_INDEX
      ? bytes
      : Buffer.from(
          JSON.stringify({
            ...document,
            mediaType: OCI_INDEX,
            manifests: dropRepeated(kept).map(dropNames),
          }),
        );
  const digest = digestOf(made);
  const companions = images.flatMap((image) => image.companions ?? []);
  const referrers = images.flatMap((image) => image.referrers ?? []);
  const warnings = images.flatMap((image) => image.warnings ?? []);
  return {
    added: new Map([[digest, made]]),
    image: {
      kind: 'manifest',
      names: first.names,
      root: { mediaType: OCI_INDEX, digest, size: made.length },
      parts: images,
      ...(companions.length > 0 && { companions }),
      ...(referrers.length > 0 && { referrers }),
      ...(warnings.length > 0 && { warnings }),
    },
  };
}

type Entry = Readonly<Record<string, unknown>>;

/** Keeps one entry of an image that has several, one for each name. */
function dropRepeated(entries: readonly Entry[]): readonly Entry[] {
  return [...new Map(entries.toReversed().map((entry) => [entry.digest, entry])).values()].toReversed();
}

/** Drops the annotations with names: they belong to the layout, not to the image. */
function dropNames(entry: Entry): Entry {
  if (!isObject(entry.annotations)) return entry;
  const annotations = Object.entries(entry.annotations).filter(([key]) => !NAME_ANNOTATIONS.includes(key));
  const { annotations: _, ...others } = entry;
  return annotations.length === 0 ? others : { ...others, annotations: Object.fromEntries(annotations) };
}
