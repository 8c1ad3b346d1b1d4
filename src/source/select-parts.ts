import type { ImageSource, ManifestImage, SourceImage } from '../ends/image-source.ts';
import { EcrpError } from '../errors.ts';
import { listNames } from '../foreign-text.ts';
import { findAttested, isAttestation } from '../oci/attestation.ts';
import { parseConfig } from '../oci/config.ts';
import { parseIndexDocument, rebuildIndex } from '../oci/index-document.ts';
import { invalidInput } from '../oci/json.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isIndex } from '../oci/media-types.ts';
import { formatPlatform, matchesPlatform, type Platform } from '../oci/platform.ts';
import { listIndexEntries } from './index-entries.ts';
import type { SelectedImage, Selection } from './select-images.ts';
import { addBlobs, readBlob } from './source-blobs.ts';

/**
 * Makes a new index of the selected images of an index. Its bytes depend on the index and the selection alone; they are those
 * of the index if nothing is left out. For a single image it only checks the platform. Throws USAGE if no image has a
 * platform.
 */
export async function selectParts(
  source: ImageSource,
  image: SourceImage,
  selection: Selection,
): Promise<SelectedImage> {
  if (image.kind === 'manifest' && isIndex(image.root.mediaType)) {
    return selectFromIndex(source, image, selection);
  }
  if (selection.platforms.length > 0) {
    if (image.kind === 'manifest' && image.chart !== undefined) {
      throw new EcrpError('USAGE', `${source.path}: a Helm chart is for every platform`, {
        hint: 'Leave out --platform.',
      });
    }
    const { platform } = parseConfig(await readConfig(source, image), source.path);
    assertPlatforms(source, selection.platforms, [platform]);
  }
  return { source, image };
}

async function readConfig(source: ImageSource, image: SourceImage): Promise<Buffer> {
  if (image.kind === 'archive') return image.config;
  const manifest = parseManifest(await readBlob(source, image.root), image.root.mediaType, source.path);
  if (manifest.kind === 'index') throw new TypeError('an index has no config');
  return readBlob(source, manifest.config);
}

async function selectFromIndex(
  source: ImageSource,
  image: ManifestImage,
  { platforms, attestations }: Selection,
): Promise<SelectedImage> {
  const { root } = image;
  const bytes = await readBlob(source, root);
  const document = parseIndexDocument(bytes, root.mediaType, source.path);
  const entries = await listIndexEntries(document, {
    path: source.path,
    readIndex: (descriptor) => readBlob(source, descriptor),
  });
  const images = entries.filter((entry) => !isAttestation(entry.descriptor));
  const found = images.flatMap(({ descriptor }) => descriptor.platform ?? []);
  assertPlatforms(source, platforms, found);
  const wanted = images.filter(
    ({ descriptor: { platform } }) =>
      platforms.length === 0 ||
      (platform !== undefined && platforms.some((asked) => matchesPlatform(platform, asked))),
  );
  const digests = new Set<string | undefined>(wanted.map(({ descriptor }) => descriptor.digest));
  const kept = entries.filter(
    (entry) =>
      wanted.includes(entry) ||
      (attestations === 'keep' &&
        isAttestation(entry.descriptor) &&
        (platforms.length === 0 || digests.has(findAttested(entry.descriptor)))),
  );
  if (kept.length === entries.length) return { source, image };
  if (kept.length === 0) {
    throw invalidInput(`${source.path}: index ${root.digest}`, 'it has only attestations', {
      hint: 'Push it with --attestations keep.',
    });
  }
  const { bytes: made, mediaType, digest } = rebuildIndex(document, kept);
  return {
    source: addBlobs(source, new Map([[digest, made]])),
    image: {
      ...image,
      root: { ...root, mediaType, digest, size: made.length },
      companions: [],
      warnings: [...(image.warnings ?? []), ...warnOfCompanions(image)],
    },
  };
}

/** A signature of an index does not match the index made of it. */
function warnOfCompanions({ companions = [] }: ManifestImage): readonly string[] {
  if (companions.length === 0) return [];
  const tags = companions.map(({ imageTag }) => imageTag).join(', ');
  return [`not pushed, as it belongs to the whole index: ${tags}`];
}

/** Throws USAGE unless there is an image for each platform that is asked for. */
export function assertPlatforms(
  source: ImageSource,
  asked: readonly Platform[],
  found: readonly Platform[],
): void {
  const missing = asked.find((platform) => !found.some((each) => matchesPlatform(each, platform)));
  if (missing === undefined) return;
  const list = listNames([...new Set(found.map(formatPlatform))]);
  throw new EcrpError('USAGE', `${source.path} holds no image for ${formatPlatform(missing)}`, {
    hint:
      list === ''
        ? 'Leave --platform out: its images do not state one.'
        : `Choose one of its platforms: ${list}`,
  });
}
