import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { OutgoingBlob } from '../ends/blob.ts';
import type {
  BlobUpload,
  ImageTarget,
  OutgoingManifest,
  PutAnswer,
  UploadedBlob,
} from '../ends/image-target.ts';
import type { Content } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { INDEX_FILE, LAYOUT_FILE, LAYOUT_VERSION, nameBlob } from '../oci/image-layout.ts';
import { type LayoutName, listImage, makeEmptyIndex } from '../oci/layout-index.ts';
import { expectKnown, receiveBlob } from './receive-blob.ts';
import type { TarPlace } from './tar-place.ts';

const CHUNK_BYTES = 1024 * 1024;

/** The image of a tar. */
export interface TarImage {
  /** Its digest. Its manifest comes last. */
  readonly root: Digest;
  /** Undefined: the image has no tag. */
  readonly name: LayoutName | undefined;
}

/** An OCI image layout in a tar as a target. What is fetched is kept in files; the manifest of the image writes the tar. */
export function openLayoutTar(place: TarPlace, { root, name }: TarImage): ImageTarget {
  const blobs = new Map<Digest, Content>();
  const manifests = new Map<Digest, Buffer>();
  const locate = (digest: Digest): string => join(place.directory, digest.slice('sha256:'.length));

  const writeTar = async (index: Buffer): Promise<void> => {
    const { tar } = place;
    await tar.addBytes(LAYOUT_FILE, Buffer.from(LAYOUT_VERSION));
    await tar.addBytes(INDEX_FILE, index);
    for (const [digest, bytes] of manifests) await tar.addBytes(nameBlob(digest), bytes);
    // Blobs come in any order, and equal images make equal tars.
    for (const { digest, size } of [...blobs.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1))) {
      if (manifests.has(digest)) continue;
      const chunks = createReadStream(locate(digest), { highWaterMark: CHUNK_BYTES });
      await tar.addChunks(nameBlob(digest), size, chunks);
    }
    await tar.end();
    await place.complete();
  };

  return {
    limits: { service: 'an OCI layout' },
    // What an interrupted run left is checked when its turn comes.
    findAvailable: async () => new Set(),
    async uploadBlob(
      outgoing: OutgoingBlob,
      { onEvent }: BlobUpload,
      signal: AbortSignal,
    ): Promise<UploadedBlob> {
      const blob = expectKnown(outgoing);
      const resumedBytes = await receiveBlob(locate(blob.id), blob, { onEvent }, signal);
      blobs.set(blob.id, blob.content);
      return { outcome: 'uploaded', content: blob.content, resumedBytes };
    },
    async putManifest({ bytes, mediaType, digest }: OutgoingManifest): Promise<PutAnswer> {
      manifests.set(digest, bytes);
      if (digest === root) {
        const image = { root: { mediaType, digest, size: bytes.length }, name };
        await writeTar(listImage(makeEmptyIndex(), image, INDEX_FILE));
      }
      return { kind: 'put', registryId: undefined };
    },
    locateTag: async () => undefined,
    glanceAtTag: async () => undefined,
    openReader: async () => undefined,
  };
}
