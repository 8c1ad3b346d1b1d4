import { EcrpError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { MAX_INDEX_DEPTH, parseManifest } from '../oci/manifest.ts';
import { formatPlatform } from '../oci/platform.ts';
import { verifyContent } from '../oci/verify-content.ts';
import type { ImageSource } from '../source/image-source.ts';
import { planKnownBlob } from './planned-blobs.ts';
import { checkBlobSize, checkImageCount, checkManifestSize } from './push-limits.ts';
import type { PlannedBlob, PlannedManifest, PushPlan } from './push-plan.ts';

/** All manifests of a plan are held in memory until they are put. */
const MAX_TOTAL_MANIFEST_BYTES = 64 * 1024 * 1024;

interface Walk {
  readonly source: ImageSource;
  readonly blobs: Map<Digest, PlannedBlob>;
  /** In the order they are to be put. */
  readonly manifests: Map<Digest, PlannedManifest>;
  readonly skipped: Set<Digest>;
  manifestBytes: number;
}

/** Plans an image whose manifests are in the source: an index with all its images, or one image. */
export async function planManifests(source: ImageSource, root: Descriptor): Promise<PushPlan> {
  const walk: Walk = { source, blobs: new Map(), manifests: new Map(), skipped: new Set(), manifestBytes: 0 };
  await walkManifest(walk, root, 0);
  const manifests = [...walk.manifests.values()];
  checkImageCount(manifests.length);
  return {
    blobs: [...walk.blobs.values()],
    skippedLayers: walk.skipped.size,
    buildManifests: () => manifests,
  };
}

async function walkManifest(walk: Walk, descriptor: Descriptor, depth: number): Promise<void> {
  const { digest, mediaType, platform } = descriptor;
  if (walk.manifests.has(digest)) {
    return;
  }
  if (depth > MAX_INDEX_DEPTH) {
    throw new EcrpError('INVALID_INPUT', `Indexes are nested deeper than ${MAX_INDEX_DEPTH} at ${digest}`);
  }
  checkManifestSize(digest, descriptor.size);
  const bytes = await readManifest(walk, descriptor);
  const manifest = parseManifest(bytes, mediaType, walk.source.path);
  if (manifest.kind === 'index') {
    for (const child of manifest.manifests) {
      await walkManifest(walk, child, depth + 1);
    }
  } else {
    addBlob(walk, manifest.config, 'config');
    for (const layer of manifest.layers) {
      if (isForeign(walk.source, layer)) {
        walk.skipped.add(layer.digest);
      } else {
        addBlob(walk, layer, 'layer');
      }
    }
  }
  walk.manifests.set(digest, { digest, mediaType, bytes, ...(platform === undefined ? {} : { platform }) });
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
    );
  }
  const chunks: Buffer[] = [];
  for await (const chunk of source.open(ref, 0)) {
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  verifyContent(bytes, descriptor, source.path);
  return bytes;
}

function addBlob({ blobs, source }: Walk, descriptor: Descriptor, role: 'config' | 'layer'): void {
  const { digest, size } = descriptor;
  const known = blobs.get(digest);
  if (known) {
    if (known.sourceBytes !== size) {
      const sizes = `${known.sourceBytes} and ${size}`;
      throw new EcrpError('INVALID_INPUT', `Blob ${digest} is given two sizes: ${sizes} bytes`);
    }
    return;
  }
  checkBlobSize(`${role === 'config' ? 'Config' : 'Layer'} ${digest}`, size);
  blobs.set(digest, planKnownBlob(source, role, { digest, size }));
}

/**
 * Layers that stay where their publisher serves them. A layer that merely can be had elsewhere too is none, as long as
 * it is in the source.
 */
function isForeign(source: ImageSource, { mediaType, urls, digest, size }: Descriptor): boolean {
  return (
    urls !== undefined &&
    urls.length > 0 &&
    (/\.(nondistributable|foreign)\./.test(mediaType) || !source.has({ kind: 'digest', digest, size }))
  );
}
