import { TaskGroup } from '../async/pool.ts';
import { countSourceBytes, findContent, type OutgoingBlob, type PlannedBlob } from '../ends/blob.ts';
import type { ImageTarget, SavedUpload, UploadedBlob } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { PushEvent } from './events.ts';
import { readThrough } from './read-through.ts';
import type { UploadSubject } from './resume/upload-record.ts';
import type { UploadStore } from './resume/upload-store.ts';

/** What all uploads of a push share. */
export interface PushSettings {
  readonly target: ImageTarget;
  /** Blobs in flight. */
  readonly concurrency: number;
  /** Saved uploads to the same target; undefined neither resumes nor saves any. */
  readonly uploads: UploadStore | undefined;
  /** Reads and checks everything that would be sent, and sends nothing. */
  readonly dryRun: boolean;
  readonly onEvent: (event: PushEvent) => void;
}

/** Uploads blobs, whether the plan lists them or they arrive: one limit, saved uploads, events, and the repository created once. */
export class Uploader {
  readonly settings: PushSettings;
  #creation: Promise<boolean> | undefined;

  constructor(settings: PushSettings) {
    this.settings = settings;
  }

  /** Whether this push created the repository, or in a dry run would. */
  async hasCreatedRepository(): Promise<boolean> {
    return (await this.#creation?.catch(() => false)) ?? false;
  }

  /** Uploads run in such a group, so that at most `concurrency` are in flight. */
  openGroup(signal: AbortSignal): TaskGroup {
    return new TaskGroup(this.settings.concurrency, signal);
  }

  /** Which of the digests the target has. Creates the repository first if it is missing and the target may create it. */
  async findAvailable(digests: readonly Digest[], signal: AbortSignal): Promise<ReadonlySet<Digest>> {
    const { target } = this.settings;
    try {
      return await target.findAvailable(digests, signal);
    } catch (error) {
      const isNew = await this.#createFor(error, signal);
      return isNew ? new Set() : target.findAvailable(digests, signal);
    }
  }

  /** Uploads a blob. In a dry run it reads the blob and checks it, unless a registry has done that. */
  async upload(blob: OutgoingBlob, signal: AbortSignal): Promise<UploadedBlob> {
    const { onEvent } = this.settings;
    const { id, role } = blob;
    const totalBytes = findContent(blob)?.size;
    const arriving = blob.kind === 'arriving' && { arriving: true as const };
    onEvent({
      kind: 'blob-started',
      id,
      role,
      totalBytes,
      sourceBytes: countSourceBytes(blob),
      ...arriving,
    });
    const uploaded = await this.#send(blob, signal);
    if (blob.kind !== 'known') await blob.record(uploaded.content);
    this.#finish(blob, uploaded.outcome, uploaded.content);
    return uploaded;
  }

  /** Reports a blob that the target has. */
  noteExisting(blob: Pick<PlannedBlob | OutgoingBlob, 'id' | 'role'>, content: Content): void {
    this.#finish(blob, 'existing', content);
  }

  /** Discards saved uploads of blobs that the target has. */
  discardSaved(subjects: readonly UploadSubject[]): void {
    if (!this.settings.dryRun) this.settings.uploads?.discard(subjects);
  }

  async #send(blob: OutgoingBlob, signal: AbortSignal): Promise<UploadedBlob> {
    const { target, dryRun, onEvent } = this.settings;
    if (dryRun) {
      if (blob.kind === 'known' && blob.isRemote) {
        return { outcome: 'uploaded', content: blob.content, resumedBytes: 0 };
      }
      const content = await readThrough(blob, target.limits, signal, (acknowledgedBytes, estimatedBytes) =>
        onEvent({ kind: 'blob-progress', id: blob.id, acknowledgedBytes, estimatedBytes }),
      );
      return { outcome: 'uploaded', content, resumedBytes: 0 };
    }
    const isResumable = blob.kind !== 'arriving' || blob.isNamed;
    const claim = isResumable ? this.settings.uploads?.claim(toUploadSubject(blob)) : undefined;
    const upload = { saved: claim ?? SAVE_NOTHING, onEvent };
    try {
      return await target.uploadBlob(blob, upload, signal);
    } catch (error) {
      // The plan's blobs were looked for, which created the repository.
      if (blob.kind !== 'arriving') throw error;
      await this.#createFor(error, signal);
      return await target.uploadBlob(blob, upload, signal);
    } finally {
      claim?.release();
    }
  }

  #finish(
    { id, role }: Pick<PlannedBlob | OutgoingBlob, 'id' | 'role'>,
    outcome: UploadedBlob['outcome'],
    { digest, size: bytes }: Content,
  ): void {
    this.settings.onEvent({ kind: 'blob-finished', id, role, outcome, digest, bytes });
  }

  /** Creates the repository if the error says that it is missing; false when another push was faster. Throws any other error. */
  async #createFor(error: unknown, signal: AbortSignal): Promise<boolean> {
    const { target } = this.settings;
    const isMissing = error instanceof EcrpError && error.code === 'NOT_FOUND';
    if (!isMissing || target.createRepository === undefined) throw error;
    this.#creation ??= target.createRepository(signal);
    return this.#creation;
  }
}

const SAVE_NOTHING: SavedUpload = { found: undefined, save() {}, discard() {} };

/** Identifies a blob among the saved uploads. */
export function toUploadSubject(blob: PlannedBlob | OutgoingBlob): UploadSubject {
  const subject = blob.kind === 'stored' ? blob.again : blob;
  return 'compressorId' in subject
    ? { id: subject.id, compressorId: subject.compressorId }
    : { id: subject.id };
}
