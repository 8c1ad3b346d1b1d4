import { createGzipCompressor } from '../../src/compress/gzip-compressor.ts';
import { ECR_PUBLIC_LIMITS } from '../../src/ecr/limits.ts';
import { planPush } from '../../src/engine/plan/plan.ts';
import type { PushPlan } from '../../src/engine/plan/push-plan.ts';
import type { Platform } from '../../src/oci/platform.ts';
import { selectImages } from '../../src/source/select-images.ts';
import {
  describeBytes,
  type GeneratedImage,
  type GeneratedIndex,
  makeIndex,
  makeManifest,
  makeRandomBytes,
} from '../support/images.ts';
import { archiveSource, layoutSource } from '../support/memory-source.ts';

const MIB = 1024 * 1024;

/** Sizes around every boundary that a layer of a few parts can have. */
const SMALL = [1, 2, 3, 511, 512, 4096, 48 * 1024 - 1, 48 * 1024, 48 * 1024 + 1, 1_000_000];
const LARGE = [5, 10, 15].flatMap((count) => [count * MIB - 1, count * MIB, count * MIB + 1]);
const PLATFORMS: readonly Platform[] = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64', variant: 'v8' },
  { os: 'windows', architecture: 'amd64' },
];

export type Random = () => number;

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/**
 * `layout`: an OCI layout of one image, or of an index. `selection`: one platform of such an index. `archive`: a
 * docker-archive whose layers are compressed on the way.
 */
export interface StormImage {
  readonly kind: 'layout' | 'selection' | 'archive';
  /** An archive has exactly one. */
  readonly images: readonly GeneratedImage[];
  /** Root of the layout. Undefined for an archive. */
  readonly root: GeneratedImage | GeneratedIndex | undefined;
  readonly platform: Platform | undefined;
}

export function makeStormImage(seed: number, random: Random): StormImage {
  const draw = random();
  if (draw < 0.45) {
    const images = [makeSingleImage(seed, random, true)];
    return { kind: 'archive', images, root: undefined, platform: undefined };
  }
  if (draw < 0.75) {
    const image = makeSingleImage(seed, random, false);
    return { kind: 'layout', images: [image], root: image, platform: undefined };
  }
  const count = 2 + Math.floor(random() * 2);
  const images = PLATFORMS.slice(0, count).map((platform) => makeSingleImage(seed, random, false, platform));
  const root = makeIndex(images);
  if (draw < 0.9) return { kind: 'layout', images, root, platform: undefined };
  return { kind: 'selection', images, root, platform: pick(random, PLATFORMS.slice(0, count)) };
}

const layers = new Map<string, GeneratedImage['layers'][number]>();

/** Makes two different layers of each size. They have no format, because no code reads their content. */
function makeLayer(
  random: Random,
  sizes: readonly number[],
  isCompressible: boolean,
): GeneratedImage['layers'][number] {
  const size = pick(random, sizes);
  const key = `${size}/${Math.floor(random() * 2)}/${isCompressible}`;
  let layer = layers.get(key);
  if (layer === undefined) {
    const bytes = makeRandomBytes(key, size);
    // Compression halves the length, so parts end elsewhere.
    if (isCompressible) for (let at = 0; at < size; at += 1) bytes[at] = (bytes[at] ?? 0) & 15;
    const descriptor = describeBytes('application/vnd.oci.image.layer.v1.tar+gzip', bytes);
    layer = { tar: bytes, bytes, diffId: descriptor.digest, descriptor };
    layers.set(key, layer);
  }
  return layer;
}

/** An image of 1 to 30 layers. At most two have several parts. */
function makeSingleImage(
  seed: number,
  random: Random,
  mayCompress: boolean,
  platform: Platform = { architecture: 'amd64', os: 'linux' },
): GeneratedImage {
  const count = random() < 0.7 ? 1 + Math.floor(random() * 4) : 5 + Math.floor(random() * 26);
  const large = Math.floor(random() * 3);
  const all = Array.from({ length: count }, (_, position) =>
    makeLayer(random, position < large ? LARGE : SMALL, mayCompress && random() < 0.5),
  );
  const config = Buffer.from(
    JSON.stringify({
      ...platform,
      config: { Labels: { seed: String(seed) } },
      rootfs: { type: 'layers', diff_ids: all.map((layer) => layer.diffId) },
    }),
  );
  const manifest = makeManifest(
    config,
    all.map((layer) => layer.descriptor),
  );
  const descriptor = {
    ...describeBytes('application/vnd.oci.image.manifest.v1+json', manifest),
    platform,
  };
  return { names: [], platform, config, layers: all, manifest, descriptor };
}

const compressor = createGzipCompressor({ level: 1 });

/** Plans a push of the image from memory. */
export async function planStormImage({ images, root, platform }: StormImage): Promise<PushPlan> {
  if (root !== undefined) {
    const selection = { platforms: platform ? [platform] : [], attestations: 'keep' } as const;
    const whole = { kind: 'manifest', names: [], root: root.descriptor } as const;
    const { source, image } = await selectImages(layoutSource([root]), whole, selection);
    return planPush(source, image, { limits: ECR_PUBLIC_LIMITS });
  }
  const [image] = images;
  if (image === undefined) throw new Error('no image');
  const [source, archive] = archiveSource(image);
  return planPush(source, archive, { limits: ECR_PUBLIC_LIMITS, compressor });
}
