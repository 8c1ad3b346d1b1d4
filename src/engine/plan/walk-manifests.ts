import type { PlannedBlob } from '../../ends/blob.ts';
import type { ImageSource } from '../../ends/image-source.ts';
import type { TargetLimits } from '../../ends/image-target.ts';
import { EcrpError } from '../../errors.ts';
import { quoteText } from '../../foreign-text.ts';
import { findOtherLayerCount, isImageConfig, MAX_CONFIG_BYTES } from '../../oci/config.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { verifyContent } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { type ImageIndex, type ImageManifest, MAX_INDEX_DEPTH, parseManifest } from '../../oci/manifest.ts';
import { isAnyManifest, isNondistributable } from '../../oci/media-types.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { checkBlobSize, checkManifestSize } from '../limits.ts';
import type { SkippedLayer } from './foreign-layers.ts';
import { planKnownBlob, planMemoryBlob } from './known-blob.ts';
import { findLayerCompression } from './layer-end.ts';
import type { PlannedManifest } from './push-plan.ts';

/** A plan holds its manifests in memory until they are put. */
const MAX_TOTAL_MANIFEST_BYTES = 64 * 1024 * 1024;

/** Source: BuildKit, cache/remotecache/v1/spec.go. */
const CACHE_CONFIG = /^application\/vnd\.buildkit\.cacheconfig\./;

/** What was found so far. */
export interface Walk {
  readonly source: ImageSource;
  readonly limits: TargetLimits;
  /** Whether foreign layers that are in the source are uploaded. */
  readonly foreignLayers: boolean;
  readonly blobs: Map<Digest, PlannedBlob>;
  /** Of the blobs, in bytes. */
  readonly sizes: Map<Digest, number>;
  /** In the order in which they are put. */
  readonly manifests: Map<Digest, PlannedManifest>;
  /** The foreign layers that are left out. */
  readonly skipped: Map<Digest, SkippedLayer>;
  /** What the target may refuse, and why. */
  readonly doubts: Map<Digest, string>;
  manifestBytes: number;
  /** How what is being walked travels; undefined for the image itself. */
  travels: PlannedManifest['travels'];
}

/** Walks an artifact that travels with the image, and what is below it. */
export async function walkTravelling(
  walk: Walk,
  root: Descriptor,
  travels: NonNullable<PlannedManifest['travels']>,
): Promise<void> {
  walk.travels = travels;
  try {
    await walkManifest(walk, root, 0);
  } finally {
    walk.travels = undefined;
  }
}

/** Adds a manifest and what is below it, children first. Throws INVALID_INPUT for what is damaged, LIMIT for what the target refuses. */
export async function walkManifest(walk: Walk, descriptor: Descriptor, depth: number): Promise<void> {
  const { digest, mediaType, platform } = descriptor;
  if (walk.manifests.has(digest)) {
    return;
  }
  if (depth > 0) assertManifestType(walk.source, descriptor);
  if (depth > MAX_INDEX_DEPTH) {
    throw new EcrpError('INVALID_INPUT', `Indexes are nested deeper than ${MAX_INDEX_DEPTH} at ${digest}`, {
      hint: 'Push an inner index by itself: --image chooses it.',
    });
  }
  checkManifestSize(walk.limits, digest, descriptor.size);
  const bytes = await readManifest(walk, descriptor);
  const manifest = parseManifest(bytes, mediaType, walk.source.path);
  // A cache in the form of an image is an image to a registry.
  if (manifest.kind === 'index' || !walk.source.isRemote) refuseCache(walk.source, manifest);
  const doubt = walk.limits.findDoubt?.(manifest);
  if (doubt !== undefined) walk.doubts.set(digest, doubt);
  if (manifest.kind === 'index') {
    walk.source.expect?.(manifest.manifests);
    for (const child of manifest.manifests) {
      await walkManifest(walk, child, depth + 1);
    }
  } else {
    if (!walk.source.isRemote) await checkLayerCount(walk.source, descriptor, manifest);
    addBlob(walk, manifest.config, 'config');
    for (const layer of manifest.layers) {
      const skipped = findSkipped(walk, layer);
      if (skipped === undefined) addBlob(walk, layer, 'layer');
      else walk.skipped.set(layer.digest, skipped);
    }
  }
  const artifactType = findArtifactType(manifest);
  walk.manifests.set(digest, {
    digest,
    mediaType,
    bytes,
    ...(platform !== undefined && { platform }),
    ...(artifactType !== undefined && { artifactType }),
    ...(walk.travels !== undefined && { travels: walk.travels }),
  });
}

/** An index may list anything (OCI image specification), but an index in ECR only what is put as an image. */
function assertManifestType({ path }: ImageSource, { digest, mediaType }: Descriptor): void {
  if (isAnyManifest(mediaType)) return;
  throw new EcrpError(
    'INVALID_INPUT',
    `${path}: an index lists ${digest}, which is no image but ${quoteText(mediaType)}`,
    {
      hint: 'Choose images of the index with --platform: the new index lists nothing else.',
    },
  );
}

/** The type by which registries list an artifact; undefined for an image. Source: OCI distribution specification, "Listing Referrers". */
function findArtifactType(manifest: ImageIndex | ImageManifest): string | undefined {
  if (manifest.kind === 'index' || manifest.artifactType !== undefined) return manifest.artifactType;
  return isImageConfig(manifest.config.mediaType) ? undefined : manifest.config.mediaType;
}

/** Throws INVALID_INPUT when config and manifest list different numbers of layers: the image is incomplete. */
async function checkLayerCount(
  source: ImageSource,
  { digest }: Descriptor,
  manifest: ImageManifest,
): Promise<void> {
  const { config, layers } = manifest;
  if (!isImageConfig(config.mediaType)) return;
  const ref = { kind: 'digest', digest: config.digest, size: config.size } as const;
  if (config.size === 0 || config.size > MAX_CONFIG_BYTES || !source.has(ref)) return;
  const count = findOtherLayerCount(manifest, await readWhole(source, config));
  if (count === undefined) return;
  throw new EcrpError(
    'INVALID_INPUT',
    `${source.path}: the manifest ${digest} lists ${layers.length} layers, but its config ${count}`,
    { hint: 'The image is not whole: save it again, with another version of the tool that wrote it.' },
  );
}

/** Throws INVALID_INPUT for a cache that BuildKit exported: an index of layers, or a manifest with a config of its own. */
function refuseCache({ path }: ImageSource, manifest: ImageIndex | ImageManifest): void {
  const parts = manifest.kind === 'index' ? manifest.manifests : [manifest.config];
  if (!parts.some(({ mediaType }) => CACHE_CONFIG.test(mediaType))) return;
  throw new EcrpError('INVALID_INPUT', `${path}: a build cache, not an image`, {
    hint: 'Export the image: docker buildx build --output type=oci,dest=image.tar .',
  });
}

async function readManifest(walk: Walk, descriptor: Descriptor): Promise<Buffer> {
  const { source } = walk;
  const { digest, size, platform } = descriptor;
  const ref = { kind: 'digest', digest, size } as const;
  if (!source.has(ref)) {
    const of = platform ? ` (${formatPlatform(platform)})` : '';
    throw new EcrpError('INVALID_INPUT', `${source.path}: the manifest ${digest}${of} is not in it`, {
      hint: 'An index is pushed whole; save all its platforms, or choose those that are there with --platform.',
    });
  }
  walk.manifestBytes += size;
  if (walk.manifestBytes > MAX_TOTAL_MANIFEST_BYTES) {
    throw new EcrpError(
      'LIMIT',
      `${source.path}: the manifests are over ${MAX_TOTAL_MANIFEST_BYTES} bytes long`,
      { hint: 'Push fewer images at a time: --image or --platform chooses some.' },
    );
  }
  return readWhole(source, descriptor);
}

/** Throws INVALID_INPUT when the bytes do not match the descriptor. */
async function readWhole(source: ImageSource, descriptor: Descriptor): Promise<Buffer> {
  const { digest, size } = descriptor;
  const chunks: Buffer[] = [];
  for await (const chunk of source.open({ kind: 'digest', digest, size }, 0)) {
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  verifyContent(bytes, descriptor, source.path);
  return bytes;
}

function addBlob(
  { blobs, sizes, source, limits }: Walk,
  descriptor: Descriptor,
  role: 'config' | 'layer',
): void {
  const { digest, size, mediaType } = descriptor;
  const known = sizes.get(digest) ?? size;
  if (known !== size) {
    throw new EcrpError('INVALID_INPUT', `Blob ${digest} is given two sizes: ${known} and ${size} bytes`, {
      hint: 'The manifests contradict each other: save the image again.',
    });
  }
  if (sizes.has(digest)) return;
  sizes.set(digest, size);
  checkBlobSize(limits, `${role === 'config' ? 'Config' : 'Layer'} ${digest}`, size, role);
  const compression = role === 'layer' ? findLayerCompression(mediaType) : undefined;
  const data = planEmbedded(source, descriptor, role);
  blobs.set(digest, data ?? planKnownBlob(source, role, { digest, size }, undefined, compression));
}

/** Plans a blob that the manifest has in itself alone. Source: OCI image specification, "Embedded Content". */
function planEmbedded(
  source: ImageSource,
  { digest, size, data }: Descriptor,
  role: 'config' | 'layer',
): PlannedBlob | undefined {
  if (data === undefined || source.has({ kind: 'digest', digest, size })) return undefined;
  const bytes = Buffer.from(data, 'base64');
  verifyContent(bytes, { digest, size }, `${source.path}: data in the manifest`);
  return planMemoryBlob(role, { digest, size }, bytes);
}

/** Undefined for a layer that is uploaded. A distributable layer with URLs is left out only when the source lacks it. */
function findSkipped({ source, foreignLayers }: Walk, layer: Descriptor): SkippedLayer | undefined {
  const { mediaType, urls = [], digest, size } = layer;
  if (urls.length === 0) return undefined;
  if (!source.has({ kind: 'digest', digest, size })) return { isInSource: false };
  return isNondistributable(mediaType) && !foreignLayers ? { isInSource: true } : undefined;
}
