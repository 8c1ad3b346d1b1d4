import type { BlobReading, DerivedBlob, PlannedBlob, StoredBlob } from '../../ends/blob.ts';
import type { Compressor, DigestCache } from '../../ends/compressor.ts';
import type { ArchiveImage, ArchiveLayer, Compression, ImageSource } from '../../ends/image-source.ts';
import { EcrpError } from '../../errors.ts';
import {
  type BuiltLayer,
  buildManifest,
  type ForeignLayer,
  type ManifestFormat,
} from '../../oci/build-manifest.ts';
import type { Content } from '../../oci/descriptor.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import { DOCKER_CONFIG, DOCKER_LAYER_GZIP, DOCKER_MANIFEST } from '../../oci/media-types.ts';
import { countBytes, hashBytes, skipBytes } from '../byte-streams.ts';
import { checkBlobSize, checkManifestSize } from '../limits.ts';
import { markStored, planKnownBlob, planMemoryBlob } from './known-blob.ts';
import { checkLayerEnd, verifyGzip } from './layer-end.ts';
import type { PlanOptions, PushPlan } from './push-plan.ts';

/** Key of a layer that is sent as the archive has it: compressed, under a digest that only its bytes tell. */
const AS_PACKED = 'as-packed';

/** Plans an image that has a config and layers. Its manifest is built when the digests of the layers are known. */
export async function planArchive(
  source: ImageSource,
  image: ArchiveImage,
  options: PlanOptions,
): Promise<PushPlan> {
  const config = { digest: digestOf(image.config), size: image.config.length };
  const blobs = new Map<Digest, PlannedBlob>([
    [config.digest, planMemoryBlob('config', config, image.config)],
  ]);
  const foreign = new Map(
    image.layers.flatMap(({ diffId, foreign: found }): [Digest, ForeignLayer][] =>
      found === undefined || options.foreignLayers ? [] : [[diffId, found]],
    ),
  );
  const own = image.layers.filter(({ diffId }) => !foreign.has(diffId));
  for (const layer of own) {
    if (!blobs.has(layer.diffId)) blobs.set(layer.diffId, await planLayer(source, layer, options));
  }
  // Of a layer that occurs twice the first is sent, however the second is compressed.
  const compressions = new Map(
    own.toReversed().map(({ diffId, compression }) => [diffId, chooseCompression(compression, options)]),
  );
  const format = chooseFormat([...compressions.values()], options);
  const left = [...foreign.values()].map(() => ({ isInSource: true }));
  const { notes } =
    left.length > 0 ? (await import('./foreign-layers.ts')).tellForeignLayers(left, false) : { notes: [] };
  return {
    blobs: [...blobs.values()],
    warnings: findDoubts(image, config, options),
    notes,
    skippedLayers: left.length,
    buildManifests: (contents) => {
      const layers = image.layers.map(({ diffId }): BuiltLayer | ForeignLayer => {
        const foreignLayer = foreign.get(diffId);
        if (foreignLayer !== undefined) return foreignLayer;
        const content = contents.get(diffId);
        const compression = compressions.get(diffId);
        if (content === undefined || compression === undefined) {
          throw new TypeError(`the layer ${diffId} has not been sent`);
        }
        return { ...content, compression };
      });
      const manifest = buildManifest(format, config, layers);
      checkManifestSize(options.limits, manifest.digest, manifest.bytes.length);
      return [manifest];
    },
  };
}

/** What the target may refuse of the image, before its manifest is built. */
function findDoubts(
  { layers }: ArchiveImage,
  config: Content,
  { limits: { service, findDoubt } }: PlanOptions,
): readonly string[] {
  const doubt = findDoubt?.({
    kind: 'image',
    mediaType: DOCKER_MANIFEST,
    config: { mediaType: DOCKER_CONFIG, ...config },
    layers: layers.map(({ diffId, ref: { size } }) => ({
      mediaType: DOCKER_LAYER_GZIP,
      digest: diffId,
      size,
    })),
  });
  return doubt === undefined ? [] : [`${service} may refuse the image: ${doubt}`];
}

async function planLayer(
  source: ImageSource,
  layer: ArchiveLayer,
  { limits, compressor, digestCache }: PlanOptions,
): Promise<PlannedBlob> {
  const { diffId, ref, compression } = layer;
  if (compression === 'none' && compressor) return planDerivedLayer(source, layer, compressor, digestCache);
  checkBlobSize(limits, `Layer ${ref.kind === 'entry' ? ref.name : diffId}`, ref.size);
  return compression === 'none'
    ? planKnownBlob(source, 'layer', { digest: diffId, size: ref.size }, ref)
    : planDerivedLayer(source, layer, undefined, digestCache);
}

function chooseCompression(compression: Compression, { compressor }: PlanOptions): Compression {
  return compression === 'none' && compressor ? compressor.compression : compression;
}

/** Docker's manifest format defines no zstd layers. Some tools write a type for them, which podman and skopeo refuse. */
function chooseFormat(compressions: readonly Compression[], { format }: PlanOptions): ManifestFormat {
  const isZstd = compressions.includes('zstd');
  if (isZstd && format === 'docker') {
    throw new EcrpError(
      'USAGE',
      'a manifest in the format of docker cannot have layers compressed with zstd',
      {
        hint: 'Leave --format out, or give --format oci; or --compression gzip, if the layers are uncompressed in the archive.',
      },
    );
  }
  return format ?? (isZstd ? 'oci' : 'docker');
}

/**
 * Plans a layer whose digest comes out while it is read: compressed on the way, or compressed in the archive. Each reading starts at the
 * first byte, because both hashes need all of them.
 */
async function planDerivedLayer(
  source: ImageSource,
  layer: ArchiveLayer,
  compressor: Compressor | undefined,
  cache: DigestCache | undefined,
): Promise<DerivedBlob | StoredBlob> {
  const { diffId, ref, compression, named } = layer;
  // One diff ID can be compressed in many ways; hardly two of them have the same length.
  const compressorId = compression === 'none' && compressor ? compressor.id : `${AS_PACKED}-${ref.size}`;
  // The diff ID of zstd is not checked here, and a cache entry must be true for every archive.
  const isCacheable = compression !== 'zstd';
  const sent = source.findSent?.(ref);
  if (sent?.diffId !== undefined) checkDiffId(source, layer, sent.diffId);
  const derived: DerivedBlob = {
    kind: 'derived',
    id: diffId,
    role: 'layer',
    compressorId,
    expected: isCacheable && !sent ? await cache?.find(diffId, compressorId) : undefined,
    stated: named && { digest: named, size: ref.size },
    sourceBytes: ref.size,
    open: (start) => readDerived(source, layer, compressor, start),
    record: async (content) => {
      if (isCacheable) await cache?.record(diffId, compressorId, content);
    },
  };
  return sent ? markStored(derived, sent) : derived;
}

function nameLayer({ path }: ImageSource, { ref }: ArchiveLayer): string {
  return `${path}: layer ${ref.kind === 'entry' ? ref.name : ref.digest}`;
}

function checkDiffId(source: ImageSource, layer: ArchiveLayer, found: Digest): void {
  if (found === layer.diffId) return;
  throw new EcrpError(
    'INVALID_INPUT',
    `${nameLayer(source, layer)} has the diff ID ${found}, but the config says ${layer.diffId}`,
    { hint: 'The archive is damaged or was changed; save the image again.' },
  );
}

function readDerived(
  source: ImageSource,
  layer: ArchiveLayer,
  compressor: Compressor | undefined,
  start: number,
): BlobReading {
  const { ref, compression } = layer;
  const check = (found: Digest): void => checkDiffId(source, layer, found);
  let packedBytes = 0;
  // The gunzip keeps chunks for longer than one step.
  const transient = compression !== 'gzip';
  const packed = countBytes(source.open(ref, 0, { transient }), (bytes) => {
    packedBytes += bytes;
  });
  const encoded =
    compression === 'none'
      ? compress(hashBytes(packed, check), compressor)
      : compression === 'gzip'
        ? verifyGzip(packed, nameLayer(source, layer), check)
        : checkLayerEnd(packed, compression, 0, nameLayer(source, layer));
  let content: Content | undefined;
  let size = 0;
  const counted = countBytes(encoded, (bytes) => {
    size += bytes;
  });
  const hashed = hashBytes(counted, (digest) => {
    content = { digest, size };
  });
  return {
    bytes: skipBytes(hashed, start),
    estimateSize: () => (size === 0 ? undefined : Math.round((size * ref.size) / packedBytes)),
    finish: () => {
      if (content === undefined) throw new TypeError('the blob has not been read to its end');
      return content;
    },
  };
}

function compress(bytes: AsyncIterable<Buffer>, compressor: Compressor | undefined): AsyncIterable<Buffer> {
  return compressor ? compressor.compress(bytes) : bytes;
}
