import { EcrpError } from '../errors.ts';
import { buildManifest, type ManifestFormat, type PackedLayer } from '../oci/build-manifest.ts';
import { digestOf } from '../oci/digest.ts';
import type { ArchiveImage, ArchiveLayer, ImageSource, Packing } from '../source/image-source.ts';
import { planDerivedLayer } from './derived-layer.ts';
import type { PlanOptions } from './plan-options.ts';
import { planKnownBlob, planMemoryBlob } from './planned-blobs.ts';
import { checkBlobSize, checkManifestSize } from './push-limits.ts';
import type { PlannedBlob, PushPlan } from './push-plan.ts';

/** Plans an image that has a config and layers; its manifest is made when the digests of the layers are known. */
export async function planArchive(
  source: ImageSource,
  image: ArchiveImage,
  options: PlanOptions,
): Promise<PushPlan> {
  const config = { digest: digestOf(image.config), size: image.config.length };
  const blobs = new Map([[config.digest, planMemoryBlob('config', config, image.config)]]);
  for (const layer of image.layers) {
    if (!blobs.has(layer.diffId)) {
      blobs.set(layer.diffId, await planLayer(source, layer, options));
    }
  }
  // Of a layer that comes twice, the first one is sent, whichever way the second is packed.
  const packings = new Map(
    image.layers.toReversed().map(({ diffId, packing }) => [diffId, choosePacking(packing, options)]),
  );
  const format = chooseFormat([...packings.values()], options);
  return {
    blobs: [...blobs.values()],
    skippedLayers: 0,
    buildManifests: (contents) => {
      const layers = image.layers.map(({ diffId }): PackedLayer => {
        const content = contents.get(diffId);
        const packing = packings.get(diffId);
        if (content === undefined || packing === undefined) {
          throw new TypeError(`the layer ${diffId} has not been sent`);
        }
        return { ...content, packing };
      });
      const manifest = buildManifest(format, config, layers);
      checkManifestSize(manifest.digest, manifest.bytes.length);
      return [manifest];
    },
  };
}

async function planLayer(
  source: ImageSource,
  layer: ArchiveLayer,
  { compressor, digestCache }: PlanOptions,
): Promise<PlannedBlob> {
  const { diffId, ref, packing } = layer;
  if (packing === 'none' && compressor) {
    return planDerivedLayer(source, layer, compressor, digestCache);
  }
  checkBlobSize(`Layer ${ref.kind === 'entry' ? ref.name : diffId}`, ref.size);
  return packing === 'none'
    ? planKnownBlob(source, 'layer', { digest: diffId, size: ref.size }, ref)
    : planDerivedLayer(source, layer, undefined, digestCache);
}

function choosePacking(packing: Packing, { compressor }: PlanOptions): Packing {
  return packing === 'none' && compressor ? compressor.packing : packing;
}

/** Docker's manifest has no zstd layers: podman and skopeo refuse the type that some tools write, so there is none here. */
function chooseFormat(packings: readonly Packing[], { format }: PlanOptions): ManifestFormat {
  const isZstd = packings.includes('zstd');
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
