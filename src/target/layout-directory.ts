import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { runPool } from '../async/pool.ts';
import type { OutgoingBlob } from '../ends/blob.ts';
import type {
  BlobUpload,
  ImageTarget,
  OutgoingManifest,
  PutAnswer,
  UploadedBlob,
} from '../ends/image-target.ts';
import { findErrorCode } from '../files/file-errors.ts';
import { replaceFile } from '../files/replace-file.ts';
import type { Digest } from '../oci/digest.ts';
import { INDEX_FILE, nameBlob } from '../oci/image-layout.ts';
import { findNamedImage, type LayoutName, listImage } from '../oci/layout-index.ts';
import { lockIndex, WITHOUT_SYNC } from './lock-index.ts';
import { expectKnown, hashFirstBytes, receiveBlob } from './receive-blob.ts';
import { createStreamHash } from './stream-hash.ts';

/** Files that are checked at the same time. */
const CHECKS = 4;

/** A layout on the disk, and the image that comes into it. */
export interface LayoutPlace {
  /** A layout, with its `index.json`. */
  readonly path: string;
  /** A private directory on the same disk, for what is being fetched. An interrupted run leaves it to the next. */
  readonly staging: string;
  /** The digest of the image; its manifest is listed in the index, those below it are not. */
  readonly root: Digest;
  /** Undefined: the image has no tag. */
  readonly name: LayoutName | undefined;
}

/**
 * An OCI image layout in a directory as a target. A blob gets its name when it is whole and checked, the image its entry in the index at the end. So
 * several runs can fill one layout at the same time.
 */
export function openLayoutDirectory({ path, staging, root, name }: LayoutPlace): ImageTarget {
  const locate = (digest: Digest): string => join(path, nameBlob(digest));
  const locateTag = async (): Promise<Digest | undefined> =>
    name && findNamedImage(await readFile(join(path, INDEX_FILE)), name, path);
  return {
    limits: { service: 'an OCI layout' },
    async findAvailable(digests, signal) {
      const found = new Set<Digest>();
      await runPool(digests, CHECKS, signal, async (digest, inner) => {
        if (await isWhole(locate(digest), digest, inner)) found.add(digest);
      });
      return found;
    },
    async uploadBlob(
      outgoing: OutgoingBlob,
      { onEvent }: BlobUpload,
      signal: AbortSignal,
    ): Promise<UploadedBlob> {
      const blob = expectKnown(outgoing);
      const temporary = join(staging, blob.id.slice('sha256:'.length));
      const resumedBytes = await receiveBlob(temporary, blob, { onEvent }, signal);
      await makeBlobDirectory(path);
      await rename(temporary, locate(blob.id));
      return { outcome: 'uploaded', content: blob.content, resumedBytes };
    },
    async putManifest(
      { bytes, mediaType, digest }: OutgoingManifest,
      signal: AbortSignal,
    ): Promise<PutAnswer> {
      const isThere = await isWhole(locate(digest), digest, signal);
      await makeBlobDirectory(path);
      if (!isThere) await replaceFile(locate(digest), bytes, WITHOUT_SYNC);
      const image = { root: { mediaType, digest, size: bytes.length }, name };
      const isListed =
        digest !== root || !(await changeIndex(path, (index) => listImage(index, image, path), signal));
      return isThere && isListed ? { kind: 'unchanged' } : { kind: 'put', registryId: undefined };
    },
    locateTag,
    glanceAtTag: locateTag,
    openReader: async () => undefined,
  };
}

/** Makes the directory of the blobs if it is missing. */
async function makeBlobDirectory(path: string): Promise<void> {
  await mkdir(join(path, 'blobs', 'sha256'), { recursive: true });
}

/** Whether a file has the content of a blob. */
async function isWhole(path: string, digest: Digest, signal: AbortSignal): Promise<boolean> {
  let file: FileHandle;
  try {
    // Without O_NONBLOCK, opening a FIFO waits for its writer.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (findErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return false;
    const hash = createStreamHash(stats.size);
    await hashFirstBytes(file, stats.size, hash, signal);
    return (await hash.digest()) === digest;
  } finally {
    await file.close();
  }
}

/** Replaces the index of a layout while no other run does. Returns whether it has changed. */
async function changeIndex(
  path: string,
  change: (index: Buffer) => Buffer,
  signal: AbortSignal,
): Promise<boolean> {
  const release = await lockIndex(path, signal);
  try {
    const before = await readFile(join(path, INDEX_FILE));
    const after = change(before);
    if (after.equals(before)) return false;
    await replaceFile(join(path, INDEX_FILE), after, WITHOUT_SYNC);
    return true;
  } finally {
    await release();
  }
}
