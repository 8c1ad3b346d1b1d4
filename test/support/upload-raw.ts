import type { OutgoingBlob } from '../../src/ends/blob.ts';
import type { BlobUpload, UploadedBlob } from '../../src/ends/image-target.ts';
import { RetryBudget } from '../../src/net/retry-budget.ts';
import { createRawUploader } from '../../src/registry/upload/create-raw-uploader.ts';
import { type RawUploadEvent, UploadChannel } from '../../src/registry/upload/upload-channel.ts';
import { directConnections } from './connections.ts';
import { makeSkippingClock } from './skipping-clock.ts';
import { UPLOAD_PATH } from './upload-registry.ts';

export interface GivenRawUploads {
  readonly host: string;
  /** Values for `Authorization`, one for each request for a token; the last one again and again. */
  readonly tokens?: readonly string[];
  readonly silentMs?: number;
  readonly budgetMs?: number;
  readonly maxBlobBytes?: number;
  readonly isStored?: () => boolean;
  readonly fallBack?: (blob: OutgoingBlob) => Promise<UploadedBlob>;
  readonly signal?: AbortSignal;
}

/** Opens uploads to a registry, whose waits are skipped. `notes` gets `resync 3`, …; `progress` the acknowledged bytes. */
export function openRawUploads(given: GivenRawUploads) {
  const { host, tokens = ['Bearer any'], budgetMs = 60_000, maxBlobBytes = Number.POSITIVE_INFINITY } = given;
  const events: RawUploadEvent[] = [];
  const notes: string[] = [];
  const progress: number[] = [];
  const clock = makeSkippingClock();
  let requested = 0;
  const channel = new UploadChannel({
    connections: directConnections,
    registryHost: host,
    repositoryPath: UPLOAD_PATH,
    authorize: async () => {
      requested += 1;
      return tokens[Math.min(requested, tokens.length) - 1] ?? '';
    },
    budget: new RetryBudget({ givenMs: budgetMs, clock }),
    silentMs: given.silentMs,
    onEvent: (event) => events.push(event),
  });
  const uploadBlob = createRawUploader({
    channel,
    maxBlobBytes,
    isStored: async () => given.isStored?.() ?? false,
    fallBack: async (blob) => {
      if (given.fallBack === undefined) throw new Error('there is no other way');
      return given.fallBack(blob);
    },
    onFallBack: (note) => notes.push(note),
  });
  const onEvent: BlobUpload['onEvent'] = (event) => {
    if (event.kind === 'blob-progress') progress.push(event.acknowledgedBytes);
    if (event.kind === 'blob-restarted') notes.push(`${event.reason} ${event.nextByte}`);
  };
  const upload = { saved: { found: undefined, save() {}, discard() {} }, onEvent };
  const { signal = new AbortController().signal } = given;
  return {
    channel,
    events,
    notes,
    progress,
    clock,
    tokenRequests: () => requested,
    retries: () => events.filter(({ kind }) => kind === 'retry').length,
    upload: (blob: OutgoingBlob) => uploadBlob(blob, upload, signal),
  };
}
