import { type Hash, randomUUID } from 'node:crypto';
import { type BlobFiles, hashFile } from './blob-files.ts';
import type { Ledger } from './ledger.ts';
import type { BlobDigest, StoredUpload } from './model.ts';
import type { UploadState } from './repository-state.ts';
import type { State } from './state.ts';
import type { AppendResult, CompleteResult, LayerToComplete, PartToAppend } from './store.ts';
import type { UploadFiles } from './upload-files.ts';

export interface UploadsContext {
  readonly state: State;
  readonly uploadFiles: UploadFiles;
  readonly blobFiles: BlobFiles;
  readonly ledger: Ledger;
  readonly now: () => number;
}

/** A stream exceeded the maximum size of a layer. No byte of the part was appended. */
export class LayerTooLargeError extends Error {}

/** Maximum of open uploads in a registry. See `CHOICES.layersWithoutImage`. */
export const MOST_UPLOADS = 10_000;

/** Layer uploads. A part is in the upload's file, then in the journal, before it is acknowledged. */
export class Uploads {
  readonly #context: UploadsContext;

  constructor(context: UploadsContext) {
    this.#context = context;
  }

  /** Discards the oldest upload above the maximum: abandoned uploads never end otherwise. */
  initiate(repositoryName: string): StoredUpload {
    const { state, ledger, now } = this.#context;
    const [oldest] = state.uploads.values();
    if (oldest !== undefined && state.uploads.size >= MOST_UPLOADS) {
      this.drop(oldest.repositoryName, oldest.uploadId);
    }
    const uploadId = randomUUID();
    ledger.commit({ type: 'upload-started', at: now(), repositoryName, uploadId });
    return state.upload(uploadId);
  }

  find(repositoryName: string, uploadId: string): UploadState | undefined {
    const upload = this.#context.state.uploads.get(uploadId.toLowerCase());
    return upload?.repositoryName === repositoryName ? upload : undefined;
  }

  async append(repositoryName: string, uploadId: string, part: PartToAppend): Promise<AppendResult> {
    const upload = this.find(repositoryName, uploadId);
    if (upload === undefined) return { kind: 'unknown-upload' };
    return await upload.runInTurn(() => this.#appendInTurn(upload, part));
  }

  async complete(repositoryName: string, uploadId: string, layer: LayerToComplete): Promise<CompleteResult> {
    const upload = this.find(repositoryName, uploadId);
    if (upload === undefined) return { kind: 'unknown-upload' };
    return await upload.runInTurn(() => this.#completeInTurn(upload, layer));
  }

  drop(repositoryName: string, uploadId: string): void {
    const upload = this.find(repositoryName, uploadId);
    if (upload === undefined) return;
    this.#context.ledger.commit({ type: 'upload-dropped', uploadId: upload.uploadId });
    this.#context.uploadFiles.remove(upload.uploadId);
  }

  async #appendInTurn(upload: UploadState, part: PartToAppend): Promise<AppendResult> {
    if (!this.#isLive(upload)) return { kind: 'unknown-upload' };
    const { uploadId, nextByte, partSizes } = upload;
    if (part.firstByte !== nextByte) return { kind: 'not-consecutive', expected: nextByte };
    if (partSizes.length >= part.maximumParts) return { kind: 'too-many-parts', received: partSizes.length };
    const { uploadFiles, ledger } = this.#context;
    // A copy, so that a failed part leaves no trace.
    const hash = upload.hash?.copy();
    const bytes = limitBytes(part.bytes, (part.maximumBytes ?? Number.POSITIVE_INFINITY) - nextByte);
    if (bytes === undefined) return { kind: 'too-large' };
    const size = await uploadFiles.write(uploadId, nextByte, bytes, (chunk) => hash?.update(chunk));
    if (!this.#isLive(upload)) {
      uploadFiles.remove(uploadId);
      return { kind: 'unknown-upload' };
    }
    // An empty part does not count.
    if (size === 0) return { kind: 'appended', nextByte };
    ledger.commit({ type: 'part-appended', uploadId, size });
    upload.hash = hash;
    return { kind: 'appended', nextByte: upload.nextByte };
  }

  async #completeInTurn(upload: UploadState, layer: LayerToComplete): Promise<CompleteResult> {
    if (!this.#isLive(upload)) return { kind: 'unknown-upload' };
    if (upload.partSizes.length === 0 && layer.takesEmpty !== true) return { kind: 'empty' };
    const tooSmall = upload.partSizes.slice(0, -1).find((size) => size < layer.minimumPartBytes);
    if (tooSmall !== undefined) return { kind: 'part-too-small', partSize: tooSmall };
    const { uploadFiles, blobFiles, ledger, state } = this.#context;
    const { uploadId, repositoryName, nextByte: size } = upload;
    const fileSize = uploadFiles.sizeOf(uploadId) ?? 0;
    if (fileSize < size) {
      ledger.loseUpload(uploadId);
      return { kind: 'unknown-upload' };
    }
    const digest = await this.#computeDigest(upload);
    if (!layer.digests.some((given) => given.toLowerCase() === digest))
      return { kind: 'mismatch', actual: digest };
    // An upload without parts may have no file.
    if (size === 0) await uploadFiles.write(uploadId, 0, Buffer.alloc(0), () => undefined);
    // A failed part may have left bytes behind.
    if (fileSize > size) await uploadFiles.truncate(uploadId, size);
    if (!this.#isLive(upload)) return { kind: 'unknown-upload' };
    if (state.repository(repositoryName).layers.has(digest)) return { kind: 'exists', digest };
    // The journal goes first: after a crash in between, opening the store moves the file.
    ledger.commit({ type: 'layer-added', repositoryName, digest, size, uploadId });
    blobFiles.adopt(digest, uploadFiles.pathOf(uploadId));
    blobFiles.trust(digest);
    return { kind: 'completed', digest, size };
  }

  async #computeDigest(upload: UploadState): Promise<BlobDigest> {
    upload.hash ??= await this.#readHash(upload);
    return `sha256:${upload.hash.copy().digest('hex')}`;
  }

  async #readHash({ uploadId, nextByte }: UploadState): Promise<Hash> {
    const path = this.#context.uploadFiles.pathOf(uploadId);
    const hash = await hashFile(path, nextByte);
    if (hash === undefined) throw new Error(`An upload's file has lost bytes: ${path}`);
    return hash;
  }

  #isLive(upload: UploadState): boolean {
    return this.#context.state.uploads.get(upload.uploadId) === upload;
  }
}

/** Limits bytes to `most`. Undefined for a longer buffer. A longer stream throws `LayerTooLargeError`. */
function limitBytes(bytes: PartToAppend['bytes'], most: number): Buffer | AsyncIterable<Buffer> | undefined {
  if (Buffer.isBuffer(bytes)) return bytes.length > most ? undefined : bytes;
  return limitStream(bytes, most);
}

async function* limitStream(bytes: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer> {
  let left = most;
  for await (const chunk of bytes) {
    left -= chunk.length;
    if (left < 0) throw new LayerTooLargeError();
    yield chunk;
  }
}
