import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type BlobDigest, computeBlobDigest } from '../../../../src/emulator/storage/model.ts';
import { openStore } from '../../../../src/emulator/storage/open-store.ts';
import type { ImageToStore, Store, StoreOptions } from '../../../../src/emulator/storage/store.ts';

/** Makes a directory that is removed when the test ends. */
export function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ecrp-store-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Opens a store that is closed when the test ends, if not before. */
export async function openTestStore(directory: string, options?: StoreOptions): Promise<Store> {
  const store = await openStore(directory, options);
  onTestFinished(() => store.close());
  return store;
}

export function createRepository(store: Store, name: string): void {
  store.createRepository({ name, catalogData: {}, resourceTags: new Map() });
}

/** Uploads a layer in one part and returns its digest. */
export async function putLayer(store: Store, repositoryName: string, bytes: Buffer) {
  const { uploadId } = store.initiateUpload(repositoryName);
  await store.appendPart(repositoryName, uploadId, { firstByte: 0, bytes, maximumParts: 1000 });
  const digest = computeBlobDigest(bytes);
  const result = await store.completeUpload(repositoryName, uploadId, {
    digests: [digest],
    minimumPartBytes: 5,
  });
  if (result.kind !== 'completed') throw new Error(`The layer was not taken: ${result.kind}`);
  return digest;
}

/** The file of a blob. */
export function pathOf(directory: string, digest: BlobDigest): string {
  return join(directory, 'blobs/sha256', digest.slice(7, 9), digest.slice(7));
}

export function makeImage(text: string, details: Partial<ImageToStore> = {}): ImageToStore {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  return {
    manifest: Buffer.from(text),
    mediaType,
    imageSizeInBytes: 0,
    blobs: [],
    manifests: [],
    ...details,
  };
}

export async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
