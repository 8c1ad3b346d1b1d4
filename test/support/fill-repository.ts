import type { BlobDigest } from '../../src/emulator/storage/model.ts';
import { openStore } from '../../src/emulator/storage/open-store.ts';
import type { Store } from '../../src/emulator/storage/store.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { describeBytes } from './images.ts';

/** An image to store. All have the same config and layer. */
export interface FilledImage {
  readonly tag?: string;
  /** Milliseconds since 1970. */
  readonly pushedAtMs: number;
  /** Number of children: the image is an index of so many images of its own. */
  readonly platforms?: number;
  /** Digest of the image that this one is about. */
  readonly subject?: BlobDigest;
}

const config = Buffer.from('{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}');
const layer = Buffer.from('the layer of all images');

/**
 * Puts images into a repository of an emulator that is not running, through its storage. The repository must be new. Calls `onDigest` with
 * the digest of each image that `images` yields, before it asks for the next.
 */
export async function fillRepository(
  dataDirectory: string,
  repositoryName: string,
  images: Iterable<FilledImage>,
  onDigest: (digest: BlobDigest) => void = () => undefined,
): Promise<void> {
  let nowMs = 0;
  const store = await openStore(dataDirectory, { now: () => nowMs });
  try {
    store.createRepository({ name: repositoryName, catalogData: {}, resourceTags: new Map() });
    for (const bytes of [config, layer]) await storeBlob(store, repositoryName, bytes);
    let number = 0;
    for (const image of images) {
      nowMs = image.pushedAtMs;
      const children = Array.from({ length: image.platforms ?? 0 }, (_, platform) =>
        putManifest(store, repositoryName, `${number}/${platform}`, {}),
      );
      number += 1;
      onDigest(
        children.length === 0
          ? putManifest(store, repositoryName, String(number), image).digest
          : putIndex(store, repositoryName, String(number), children, image),
      );
    }
  } finally {
    await store.close();
  }
}

async function storeBlob(store: Store, repositoryName: string, bytes: Buffer): Promise<void> {
  const { uploadId } = store.initiateUpload(repositoryName);
  await store.appendPart(repositoryName, uploadId, { firstByte: 0, bytes, maximumParts: 1 });
  const digests = [describeBytes(OCI_LAYER, bytes).digest];
  await store.completeUpload(repositoryName, uploadId, { digests, minimumPartBytes: 0 });
}

function putManifest(
  store: Store,
  repositoryName: string,
  number: string,
  { tag, subject }: Pick<FilledImage, 'tag' | 'subject'>,
): { readonly digest: BlobDigest; readonly manifest: Buffer } {
  const blobs = [describeBytes(OCI_CONFIG, config), describeBytes(OCI_LAYER, layer)];
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: blobs[0],
      layers: blobs.slice(1),
      ...(subject && { subject: { mediaType: OCI_MANIFEST, digest: subject, size: 1 } }),
      annotations: { number },
    }),
  );
  const { digest } = store.putImage(repositoryName, {
    manifest,
    mediaType: OCI_MANIFEST,
    imageSizeInBytes: config.length + layer.length,
    artifactMediaType: OCI_CONFIG,
    blobs: blobs.map(({ digest: blob, mediaType }) => ({ digest: blob, mediaType })),
    manifests: [],
    ...(subject && { subject }),
    tag,
  });
  return { digest, manifest };
}

function putIndex(
  store: Store,
  repositoryName: string,
  number: string,
  children: readonly { readonly digest: BlobDigest; readonly manifest: Buffer }[],
  { tag }: FilledImage,
): BlobDigest {
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: children.map((child, position) => ({
        ...describeBytes(OCI_MANIFEST, child.manifest),
        platform: { os: 'linux', architecture: `arch${position}` },
      })),
      annotations: { number },
    }),
  );
  return store.putImage(repositoryName, {
    manifest,
    mediaType: OCI_INDEX,
    imageSizeInBytes: config.length + layer.length,
    blobs: [],
    manifests: children.map(({ digest }) => digest),
    tag,
  }).digest;
}
