import { gzipSync } from 'node:zlib';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import {
  describeBytes,
  type GeneratedImage,
  type GeneratedLayer,
  makeManifest,
  makeRandomBytes,
  packTar,
  type TarItem,
} from './images.ts';

/** Where the publisher of the base layer serves it. */
const BASE_URLS = ['https://mcr.example/v2/windows/nanoserver/blobs/base'];

export interface WindowsSpec {
  readonly seed: number;
  /** Media type of the base layer. Default: OCI's for layers that must not be distributed, gzipped. */
  readonly baseType?: string;
  /** Default: one URL. */
  readonly urls?: readonly string[];
  /** Of random content of the base layer. Default: 1000. */
  readonly baseBytes?: number;
  readonly osVersion?: string;
}

/** Makes an image for Windows as they were until June 2023: a base layer that its publisher serves, and one of its own. */
export async function makeWindowsImage({
  seed,
  baseType = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  urls = BASE_URLS,
  baseBytes = 1000,
  osVersion = '10.0.17763.1',
}: WindowsSpec): Promise<GeneratedImage> {
  const base = await makeWindowsLayer(`${seed}/base`, baseBytes, baseType, urls);
  const own = await makeWindowsLayer(`${seed}/own`, 500, OCI_LAYER_GZIP);
  const layers = [base, own];
  const platform = { architecture: 'amd64', os: 'windows', 'os.version': osVersion };
  const config = Buffer.from(
    JSON.stringify({
      ...platform,
      config: {},
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    }),
  );
  const manifest = makeManifest(
    config,
    layers.map(({ descriptor }) => descriptor),
  );
  const descriptor = { ...describeBytes(OCI_MANIFEST, manifest), platform };
  return { names: [], platform, config, layers, manifest, descriptor };
}

/** The image without the bytes of its base layer, as most tools store it. */
export function dropBase(image: GeneratedImage, items: readonly TarItem[]): readonly TarItem[] {
  const name = `blobs/sha256/${image.layers[0]?.descriptor.digest.slice(7)}`;
  return items.filter((item) => item.name !== name);
}

async function makeWindowsLayer(
  seed: string,
  size: number,
  mediaType: string,
  urls?: readonly string[],
): Promise<GeneratedLayer> {
  const tar = await packTar([
    { name: 'Files', directory: true },
    { name: 'Files/content', content: makeRandomBytes(seed, size) },
    { name: 'Hives', directory: true },
  ]);
  const bytes = gzipSync(tar, { level: 1 });
  const descriptor: Descriptor = { ...describeBytes(mediaType, bytes), ...(urls && { urls }) };
  return { tar, diffId: digestOf(tar), bytes, descriptor };
}
