import type { Companion, ManifestImage, Referrer } from '../ends/image-source.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { invalidInput } from '../oci/json.ts';
import { type ImageIndex, type ImageManifest, MAX_INDEX_DEPTH } from '../oci/manifest.ts';
import { describeArtifact, describeManifest } from '../oci/manifest-kind.ts';
import { isIndex, isRetiredArtifact } from '../oci/media-types.ts';
import { findCosignSubject, findListedSubject, nameCosignTag } from '../oci/referrer-tags.ts';
import { describeChart } from './chart/chart-facts.ts';
import { joinPlatforms } from './join-platforms.ts';
import { type LayoutIndex, ManifestReader } from './oci-layout.ts';
import type { SourceStore } from './source-store.ts';

/** The images of a layout, and what belongs to them. */
export interface ArrangedImages {
  readonly images: readonly ManifestImage[];
  /** Signatures, SBOMs and other referrers of one of the images. A fallback tag is no name: registries list referrers themselves. */
  readonly referrers: readonly ManifestImage[];
  /** Indexes that were made here, by their digests. */
  readonly added: ReadonlyMap<Digest, Buffer>;
}

/** An entry of `index.json`, with its manifest. */
interface Root {
  readonly image: ManifestImage;
  readonly manifest: ImageManifest | ImageIndex | undefined;
  /** The digests of the manifests below it, and its own. */
  readonly below: ReadonlySet<Digest>;
  /** The digest of its subject, which may be missing in the layout. */
  readonly subject: Digest | undefined;
}

/** Most manifests below all entries. */
const MAX_BELOW = 100_000;

/**
 * Separates the images of a layout from what belongs to them: images of an index, signatures of cosign, manifests with a
 * subject. Tools list all of these side by side in `index.json`. Images of one name for several platforms become one index.
 */
export async function arrangeImages(store: SourceStore, index: LayoutIndex): Promise<ArrangedImages> {
  const plain = { images: index.images, referrers: [], added: new Map() };
  const roots = await readRoots(store, index.images);
  const owners = new Map<Digest, Root[]>();
  for (const root of roots) {
    for (const digest of root.below) owners.set(digest, [...(owners.get(digest) ?? []).slice(0, 1), root]);
  }
  const isBelowAnother = (digest: Digest | undefined, root: Root): boolean =>
    digest !== undefined && (owners.get(digest)?.some((owner) => owner !== root) ?? false);
  const companions = findCompanions(index.images, new Set(owners.keys()));
  const isCompanion = ({ image }: Root): boolean => companions.has(image.root.digest);
  const subjects = new Map<Root, Digest>();
  for (const root of roots) {
    const { subject } = root;
    if (subject !== undefined && !isCompanion(root) && isBelowAnother(subject, root))
      subjects.set(root, subject);
  }
  const main = roots.filter((root) => {
    const { names, root: descriptor } = root.image;
    const isChild = names.length === 0 && isBelowAnother(descriptor.digest, root);
    return !isChild && !isCompanion(root) && !subjects.has(root);
  });
  // A layout that has only referrers of each other is pushed as it is.
  if (main.length === 0) return plain;
  const bySubject = new Map<Digest, Root[]>();
  for (const [root, subject] of subjects) {
    const others = bySubject.get(subject);
    if (others === undefined) bySubject.set(subject, [root]);
    else others.push(root);
  }
  const images = main.map(({ image, below }): ManifestImage => {
    const own = [...companions.values()].filter(({ of }) => below.has(of));
    const referrers = findReferrers(below, bySubject);
    return {
      ...image,
      ...(own.length > 0 && { companions: own.map(({ imageTag, root }) => ({ imageTag, root })) }),
      ...(referrers.length > 0 && { referrers }),
    };
  });
  const joined = joinPlatforms(index, images);
  return {
    images: joined === undefined ? images : [joined.image],
    referrers: [...subjects.keys()].map(({ image }) => (isFallback(image) ? { ...image, names: [] } : image)),
    added: joined?.added ?? new Map(),
  };
}

async function readRoots(store: SourceStore, images: readonly ManifestImage[]): Promise<readonly Root[]> {
  const reader = new ManifestReader(store);
  let left = MAX_BELOW;
  const collect = async (descriptor: Descriptor, below: Set<Digest>, depth: number): Promise<void> => {
    if (below.has(descriptor.digest) || depth > MAX_INDEX_DEPTH) return;
    below.add(descriptor.digest);
    left -= 1;
    if (left < 0) throw invalidInput(store.path, `its indexes list more than ${MAX_BELOW} images`);
    const manifest = isIndex(descriptor.mediaType) ? await reader.find(descriptor) : undefined;
    if (manifest?.kind !== 'index') return;
    for (const child of manifest.manifests) await collect(child, below, depth + 1);
  };
  const roots: Root[] = [];
  for (const image of images) {
    const below = new Set<Digest>();
    await collect(image.root, below, 0);
    const manifest = await reader.find(image.root);
    const retired = isRetiredArtifact(image.root.mediaType);
    const subject = retired ? await reader.findRetiredSubject(image.root) : findSubject(image, manifest);
    roots.push({ image: describeChart(image, manifest), manifest, below, subject });
  }
  return roots;
}

function findSubject({ names }: ManifestImage, manifest: Root['manifest']): Digest | undefined {
  const [listed] = names.flatMap((name) => findListedSubject(name) ?? []);
  return listed ?? manifest?.subject?.digest;
}

/** The referrers of an image, of manifests below it, and of these referrers, each after its subject. `bySubject`: those of each digest. */
function findReferrers(
  below: ReadonlySet<Digest>,
  bySubject: ReadonlyMap<Digest, readonly Root[]>,
): readonly Referrer[] {
  const about = new Set(below);
  const found = new Map<Digest, Referrer>();
  // A set hands out what is added while it is read.
  for (const subject of about) {
    for (const root of bySubject.get(subject) ?? []) {
      if (about.has(root.image.root.digest)) continue;
      for (const digest of root.below) about.add(digest);
      for (const referrer of listReferrers(root, subject)) found.set(referrer.root.digest, referrer);
    }
  }
  return [...found.values()];
}

/** The manifest itself, or the manifests that the index of a fallback tag lists. */
function listReferrers({ image, manifest }: Root, subject: Digest): readonly Referrer[] {
  if (manifest?.kind === 'index' && isFallback(image)) {
    return manifest.manifests.map((root) => ({
      root,
      subject,
      kind: describeArtifact([root.artifactType ?? root.mediaType]) ?? 'artifact',
    }));
  }
  const { artifactType } = image.root;
  const kind = manifest ? describeManifest(manifest) : (describeArtifact([artifactType]) ?? 'artifact');
  return [{ root: image.root, subject, kind }];
}

function isFallback({ names }: ManifestImage): boolean {
  return names.some((name) => findListedSubject(name) !== undefined);
}

/** The annotation of `cosign save` on an entry of `index.json`. Source: cosign, pkg/oci/layout/write.go. */
const KIND = 'kind';
const KIND_PREFIX = 'dev.cosignproject.cosign/';
const SUFFIXES: ReadonlyMap<string, string> = new Map([
  [`${KIND_PREFIX}sigs`, 'sig'],
  [`${KIND_PREFIX}atts`, 'att'],
]);
const IMAGE_KINDS = new Set([`${KIND_PREFIX}image`, `${KIND_PREFIX}imageIndex`]);

export interface FoundCompanion extends Companion {
  /** The image that it belongs to. */
  readonly of: Digest;
}

/**
 * Finds the signatures and attestations of cosign in a layout, by the digests of their manifests. `cosign save` marks them;
 * others have cosign's tag for an image. `below` has the digests of all manifests of the layout.
 */
export function findCompanions(
  images: readonly ManifestImage[],
  below: ReadonlySet<Digest>,
): ReadonlyMap<Digest, FoundCompanion> {
  const found = new Map<Digest, FoundCompanion>();
  const saved = images.filter(({ root }) => IMAGE_KINDS.has(root.annotations?.[KIND] ?? ''));
  const [only, ...others] = saved;
  for (const { root, names } of images) {
    const suffix = SUFFIXES.get(root.annotations?.[KIND] ?? '');
    if (suffix !== undefined && only !== undefined && others.length === 0) {
      const of = only.root.digest;
      found.set(root.digest, { of, root, imageTag: nameCosignTag(of, suffix) });
    }
    for (const name of names) {
      const of = findCosignSubject(name);
      if (of !== undefined && below.has(of)) found.set(root.digest, { of, root, imageTag: name });
    }
  }
  return found;
}
