import { MAX_INDEX_DEPTH } from '../oci/manifest.ts';
import type { RetainableImage, RetainableImages } from './rules.ts';

/** What manifests say about other images. Entries for what is not in the repository do no harm. */
export interface ManifestLinks {
  /** Digests that an index lists. Of images, the list is empty. */
  readonly children: readonly string[];
  /** The image that this one is about, as a signature is. */
  readonly subject: string | undefined;
}

/** Links of the manifests that were read, by digest. */
export type KnownLinks = ReadonlyMap<string, ManifestLinks>;

/** The images of a repository and how they belong together. Positions are those of `images`. */
export interface LinkedImages {
  readonly images: RetainableImages;
  /** Children of an index that are in the repository. */
  childrenOf(position: number): readonly number[];
  /** Images that are about this one. */
  referrersOf(position: number): readonly number[];
  /** True if an index of the repository lists the image. */
  isChild(position: number): boolean;
  /** True if the image is about another, whether that is there or not. */
  isReferrer(position: number): boolean;
}

/** Tags that name the image that theirs is about: the referrers tag schema of OCI, and cosign's `.sig`, `.att` and `.sbom`. */
const FALLBACK_TAG = /^sha256-([0-9a-f]{64})(?:\.[\w.-]+)?$/;

export function linkImages(images: RetainableImages, known: KnownLinks): LinkedImages {
  const positions = findNamed(images, known);
  const children = new Map<number, number[]>();
  const referrers = new Map<number, number[]>();
  const listed = new Set<number>();
  const isAbout = new Set<number>();
  const add = (lists: Map<number, number[]>, key: number, value: number): void => {
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [value]);
    else list.push(value);
  };
  for (const [position, image] of images.entries()) {
    const links = known.get(image.imageDigest);
    for (const digest of links?.children ?? []) {
      const child = positions.get(digest);
      if (child === undefined || child === position) continue;
      add(children, position, child);
      listed.add(child);
    }
    for (const digest of listSubjects(image, links)) {
      isAbout.add(position);
      const subject = positions.get(digest);
      if (subject !== undefined && subject !== position) add(referrers, subject, position);
    }
  }
  return {
    images,
    childrenOf: (position) => children.get(position) ?? [],
    referrersOf: (position) => referrers.get(position) ?? [],
    isChild: (position) => listed.has(position),
    isReferrer: (position) => isAbout.has(position),
  };
}

/** Finds the positions of the images that links and tags name. Most images are named by none. */
function findNamed(images: RetainableImages, known: KnownLinks): ReadonlyMap<string, number> {
  const named = new Set<string>();
  for (const { children } of known.values()) for (const child of children) named.add(child);
  for (const [, image] of images.entries()) {
    for (const subject of listSubjects(image, known.get(image.imageDigest))) named.add(subject);
  }
  const positions = new Map<string, number>();
  for (const [position, { imageDigest }] of images.entries()) {
    if (named.has(imageDigest)) positions.set(imageDigest, position);
  }
  return positions;
}

/** Lists the images that an image is about: by its manifest, and by its tags. */
function listSubjects({ imageTags }: RetainableImage, links: ManifestLinks | undefined): readonly string[] {
  const byTag = imageTags.flatMap((tag) => {
    const hex = FALLBACK_TAG.exec(tag)?.[1];
    return hex === undefined ? [] : [`sha256:${hex}`];
  });
  return links?.subject === undefined ? byTag : [links.subject, ...byTag];
}

/** True if a person gave the image a name, rather than a tool that had no other way to attach it to an image. */
export function hasOwnTag({ imageTags }: RetainableImage): boolean {
  return imageTags.some((tag) => !FALLBACK_TAG.test(tag));
}

/** Groups images so that every index comes in an earlier group than its children. Keeps the order within a group. */
export function groupParentsFirst(
  linked: LinkedImages,
  positions: readonly number[],
): readonly (readonly number[])[] {
  const chosen = new Set(positions);
  const levels = new Map<number, number>();
  const sink = (position: number, level: number): void => {
    if (!chosen.has(position) || level <= (levels.get(position) ?? -1) || level > MAX_INDEX_DEPTH) return;
    levels.set(position, level);
    for (const child of linked.childrenOf(position)) sink(child, level + 1);
  };
  for (const position of positions) sink(position, 0);
  const groups: number[][] = [];
  for (const position of positions) {
    const level = levels.get(position) ?? 0;
    while (groups.length <= level) groups.push([]);
    groups[level]?.push(position);
  }
  return groups;
}
