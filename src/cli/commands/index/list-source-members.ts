import type { ImageSource, ListedImage, ManifestImage, SourceImage } from '../../../ends/image-source.ts';
import { EcrpError } from '../../../errors.ts';
import { listNames, quoteForShell } from '../../../foreign-text.ts';
import { findAttested, isAttestation } from '../../../oci/attestation.ts';
import { isImageConfig, parseConfig } from '../../../oci/config.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import {
  type IndexEntry,
  orderPlatform,
  parseIndexDocument,
  type ReadEntry,
} from '../../../oci/index-document.ts';
import { invalidInput } from '../../../oci/json.ts';
import { parseManifest } from '../../../oci/manifest.ts';
import { isIndex } from '../../../oci/media-types.ts';
import { formatPlatform, matchesPlatform, type Platform } from '../../../oci/platform.ts';
import { listIndexEntries } from '../../../source/index-entries.ts';
import { readBlob } from '../../../source/source-blobs.ts';

/** An image or attestation that an index will list. */
export interface IndexMember {
  /** The argument of the command line that it comes from. */
  readonly name: string;
  /** Undefined for an attestation without one. */
  readonly platform: Platform | undefined;
  /** The image that goes up; undefined for one that is in the repository. */
  readonly image?: SourceImage;
  /** The source of `image`. */
  readonly source?: ImageSource;
  /** What the index will list; undefined while the manifest is not made yet. */
  readonly entry?: IndexEntry;
}

/** Reads the manifests and configs that an index and its images consist of. */
export interface ManifestReading {
  readonly path: string;
  readManifest(descriptor: Descriptor): Promise<Buffer>;
  readConfig(descriptor: Descriptor): Promise<Buffer>;
}

/** What the command line says of an argument. */
export interface MemberWish {
  readonly name: string;
  /** Undefined: each image, listed as what its config states. */
  readonly platform: Platform | undefined;
  readonly attestations: 'keep' | 'drop';
  readonly referrers: 'keep' | 'drop';
}

/**
 * Lists what an image of a source contributes to an index: the image, or the images of an index with their attestations. A platform in the
 * wish chooses one image of an index; for a single image it is what the index will state.
 */
export async function listSourceMembers(
  source: ImageSource,
  image: ListedImage,
  wish: MemberWish,
): Promise<readonly IndexMember[]> {
  if (image.kind === 'damaged') throw image.error;
  if (image.kind === 'archive') {
    const { platform } = parseConfig(image.config, source.path);
    return [{ name: wish.name, platform: choosePlatform(platform, wish), image, source }];
  }
  if (image.chart !== undefined) {
    throw new EcrpError('USAGE', `${wish.name} is a Helm chart, and an index lists images`, {
      hint: "Push it by itself: 'ecrp push CHART REPOSITORY'.",
    });
  }
  const reading: ManifestReading = {
    path: source.path,
    readManifest: (descriptor) => readBlob(source, descriptor),
    readConfig: (descriptor) => readBlob(source, descriptor),
  };
  const entries = await listEntries(reading, image.root, wish);
  const travelling = wish.referrers === 'drop' ? { companions: [], referrers: [] } : image;
  const images = takeOut(
    { ...image, ...travelling },
    entries.map(({ descriptor }) => descriptor),
  );
  return entries.map((entry, position) => ({
    name: wish.name,
    platform: entry.descriptor.platform,
    entry,
    source,
    ...(images[position] && { image: images[position] }),
  }));
}

/**
 * Takes images out of an index, each with what refers to it. What refers to none of them goes with the first one, whose plan says that it is
 * left behind. A single image stays as it is.
 */
function takeOut(image: ManifestImage, roots: readonly Descriptor[]): readonly ManifestImage[] {
  if (!isIndex(image.root.mediaType)) return [image];
  const { companions = [], warnings = [] } = image;
  const left = new Set(image.referrers);
  const images = roots.map((root): ManifestImage => {
    const subjects = new Set([root.digest]);
    const referrers = (image.referrers ?? []).filter((referrer) => {
      const isOwn = subjects.has(referrer.subject);
      if (isOwn) subjects.add(referrer.root.digest);
      return isOwn && left.delete(referrer);
    });
    const hex = root.digest.slice('sha256:'.length);
    const own = companions.filter(({ imageTag }) => imageTag.includes(hex));
    return { kind: 'manifest', names: [], root, companions: own, referrers };
  });
  const [first, ...others] = images;
  if (first === undefined) return [];
  const taken = images.flatMap((each) => each.companions ?? []);
  const strange = companions.filter((companion) => !taken.includes(companion));
  const lost = strange.map(({ imageTag }) => `not pushed, as it belongs to the whole index: ${imageTag}`);
  const referrers = [...(first.referrers ?? []), ...left];
  return [{ ...first, referrers, warnings: [...warnings, ...lost] }, ...others];
}

/** Lists the entries that an image, or the images of an index, become. */
export async function listEntries(
  reading: ManifestReading,
  root: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>,
  wish: MemberWish,
): Promise<readonly IndexEntry[]> {
  const { mediaType, digest, size } = root;
  if (!isIndex(mediaType)) {
    const platform = choosePlatform(await findPlatform(reading, root), wish);
    return [{ descriptor: { mediaType, digest, size, platform } }];
  }
  const document = parseIndexDocument(await reading.readManifest(root), mediaType, reading.path);
  const listed = await listIndexEntries(document, {
    path: reading.path,
    readIndex: (descriptor) => reading.readManifest(descriptor),
  });
  const images: ReadEntry[] = [];
  for (const entry of listed.filter(({ descriptor }) => !isAttestation(descriptor))) {
    images.push(await completeEntry(reading, entry));
  }
  const chosen = choosePlatforms(images, wish);
  const digests = new Set<string | undefined>(chosen.map(({ descriptor }) => descriptor.digest));
  const attestations = listed.filter(
    ({ descriptor }) =>
      wish.attestations === 'keep' && isAttestation(descriptor) && digests.has(findAttested(descriptor)),
  );
  return [...chosen, ...attestations];
}

/** The image of the platform that is asked for; of a single image, the same for that platform. */
function choosePlatforms(images: readonly ReadEntry[], wish: MemberWish): readonly IndexEntry[] {
  const { name, platform } = wish;
  const [first, ...others] = images;
  if (first === undefined) throw invalidInput(name, 'its index lists no image');
  if (others.length === 0 || platform === undefined) {
    return images.map((entry) => statePlatform(entry, choosePlatform(entry.descriptor.platform, wish)));
  }
  const found = images.filter((entry) => {
    const stated = entry.descriptor.platform;
    return stated !== undefined && matchesPlatform(stated, platform);
  });
  if (found.length > 0) return found;
  const platforms = images.flatMap((entry) => entry.descriptor.platform ?? []);
  throw new EcrpError('USAGE', `${name} holds no image for ${formatPlatform(platform)}`, {
    hint: `Choose one of its platforms: ${listNames([...new Set(platforms.map(formatPlatform))])}`,
  });
}

/** Adds the platform that the config states to an entry without one. */
async function completeEntry(reading: ManifestReading, entry: ReadEntry): Promise<ReadEntry> {
  if (entry.descriptor.platform !== undefined) return entry;
  return statePlatform(entry, await findPlatform(reading, entry.descriptor));
}

function statePlatform(entry: ReadEntry, platform: Platform | undefined): ReadEntry {
  if (platform === undefined || platform === entry.descriptor.platform) return entry;
  return {
    descriptor: { ...entry.descriptor, platform },
    json: { ...entry.json, platform: orderPlatform(platform) },
  };
}

/** Undefined for what is no image. */
async function findPlatform(
  reading: ManifestReading,
  root: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>,
): Promise<Platform | undefined> {
  const manifest = parseManifest(await reading.readManifest(root), root.mediaType, reading.path);
  if (manifest.kind === 'index' || !isImageConfig(manifest.config.mediaType)) return undefined;
  return parseConfig(await reading.readConfig(manifest.config), reading.path).platform;
}

/** What the index will state. The version of the operating system stays unless another system is given. */
function choosePlatform(found: Platform | undefined, { name, platform: given }: MemberWish): Platform {
  if (given !== undefined) {
    if (found?.os !== given.os) return given;
    const { 'os.version': version, 'os.features': features } = found;
    return {
      ...given,
      ...(version !== undefined && { 'os.version': version }),
      ...(features !== undefined && { 'os.features': features }),
    };
  }
  if (found !== undefined && found.os !== '' && found.architecture !== '') return found;
  throw new EcrpError('INVALID_INPUT', `${name}: it does not state its platform`, {
    hint: `Say what it is: ${quoteForShell(`${name}=linux/amd64`)}`,
  });
}
