import { countSourceBytes, findContent, type OutgoingBlob } from '../../ends/blob.ts';
import type { BegunUpload, BlobUpload } from '../../ends/image-target.ts';
import { EcrpError } from '../../errors.ts';
import type { Content } from '../../oci/descriptor.ts';
import { MIN_PART_BYTES } from '../../wire/limits.ts';
import { choosePartBytes, type PartRule } from '../limits.ts';
import type { LayerPart, PushService } from '../push-service.ts';
import type { FillTurns } from './fill-turns.ts';
import { PartReader } from './part-reader.ts';
import { locateUpload, UploadPosition } from './upload-position.ts';

/** Shared by all uploads to one repository. */
export interface PartSettings {
  readonly service: PushService;
  readonly turns: FillTurns;
  /** The blobs in flight that take more than one part. */
  readonly longBlobs: Set<OutgoingBlob>;
  /** Upper bound of a part in bytes. */
  readonly mostPartBytes: number | undefined;
  readonly rule: PartRule;
  /** What the service asked for last. It mostly asks for the same again. */
  readonly asked: { partBytes: number };
}

/** `vanished`: the service no longer knows the upload. `failed`: the upload cannot succeed. */
export type SendOutcome =
  | SentParts
  | { readonly kind: 'vanished' }
  | { readonly kind: 'failed'; readonly error: EcrpError };

interface SentParts {
  readonly kind: 'sent';
  readonly uploadId: string;
  readonly content: Content;
  /** Bytes that the service had from an interrupted push. */
  readonly resumedBytes: number;
}

/**
 * Sends the bytes that an upload lacks: of a new upload, unless one has `begun`. This is the loop that uploads a layer.
 *
 * Parts go strictly in order, and the loop follows the service's answers, backwards too. While one part waits for its answer, the next is
 * filled and its request begins, so the link never idles for a round trip. Saves the state after each answer.
 */
export async function sendParts(
  blob: OutgoingBlob,
  begun: BegunUpload | undefined,
  upload: BlobUpload,
  settings: PartSettings,
  signal: AbortSignal,
): Promise<SendOutcome> {
  const reader = new PartReader(blob, { ...settings, signal });
  const { longBlobs, asked, mostPartBytes, rule } = settings;
  const bytes = countSourceBytes(blob);
  const partBytes = choosePartBytes(asked.partBytes, mostPartBytes, bytes, rule);
  if (bytes > partBytes) longBlobs.add(blob);
  try {
    const state = begun ?? (await beginUpload(blob, reader, partBytes, settings, signal));
    return await sendRest(blob, reader, state, upload, settings, signal);
  } catch (error) {
    reader.cancel();
    throw error;
  } finally {
    longBlobs.delete(blob);
    await reader.release();
  }
}

async function beginUpload(
  blob: OutgoingBlob,
  reader: PartReader,
  partBytes: number,
  { service, asked }: PartSettings,
  signal: AbortSignal,
): Promise<BegunUpload> {
  // If the service asks for another size this time, the prepared parts are made again. An arriving blob cannot be read again.
  if (blob.kind !== 'arriving') reader.prepare(partBytes);
  const started = await service.initiateUpload(signal);
  asked.partBytes = started.partSize;
  return { ...started, nextByte: 0 };
}

async function sendRest(
  blob: OutgoingBlob,
  reader: PartReader,
  state: BegunUpload,
  { saved, onEvent }: BlobUpload,
  { service, mostPartBytes, rule }: PartSettings,
  signal: AbortSignal,
): Promise<SendOutcome> {
  const { id } = blob;
  const { uploadId, partSize } = state;
  const totalBytes = findContent(blob)?.size ?? Number.POSITIVE_INFINITY;
  // An upload that was interrupted once may be interrupted again: smaller parts, none begun ahead, lose less.
  const isResumed = state.nextByte > 0;
  const mostBytes = isResumed ? Math.min(MIN_PART_BYTES, mostPartBytes ?? MIN_PART_BYTES) : mostPartBytes;
  const partBytes = choosePartBytes(partSize, mostBytes, countSourceBytes(blob), rule);
  const first = isResumed ? await locateUpload(service, state, signal) : 0;
  if (first === undefined) return { kind: 'vanished' };
  if (isResumed) {
    saved.save({ uploadId, partSize, nextByte: first });
    onEvent({ kind: 'blob-resumed', id, resumedBytes: first });
  }
  const restartAt = (nextByte: number): void =>
    onEvent({ kind: 'blob-restarted', id, reason: 'resync', nextByte });
  const position = new UploadPosition(first);
  for (;;) {
    await reader.open(position.nextByte, partBytes);
    for (let follows = true; follows; ) {
      const part = await reader.next();
      signal.throwIfAborted();
      if (part === undefined) {
        const content = reader.finish();
        return content.size === position.nextByte
          ? { kind: 'sent', uploadId, content, resumedBytes: position.resumedBytes }
          : { kind: 'failed', error: explainLength(blob, content, position.nextByte) };
      }
      const start = position.nextByte;
      const end = start + part.size;
      checkPartCount(blob, end, partBytes, rule);
      let ahead: Promise<LayerPart | undefined> | undefined;
      for (let attempt = 1; position.nextByte === start; attempt += 1) {
        // The part stays filled until the ring reuses it, so sending it again reads nothing.
        if (attempt > 1) restartAt(start);
        let isInFlight = true;
        const beginNext = async (): Promise<void> => {
          const following = await ahead;
          if (isInFlight) following?.begin(uploadId, end);
        };
        const sent = part.upload(uploadId, start, signal, isResumed ? undefined : beginNext).finally(() => {
          isInFlight = false;
        });
        ahead ??= reader.prefetch();
        const answer = await sent;
        if (answer.kind === 'vanished') return answer;
        position.move(answer.nextByte ?? 0, end);
        if (position.isAstray || position.nextByte > totalBytes) {
          return { kind: 'failed', error: explainAstray(blob, end, position.nextByte) };
        }
        saved.save({ uploadId, partSize, nextByte: position.nextByte });
        const acknowledgedBytes = position.mostAcknowledged;
        onEvent({ kind: 'blob-progress', id, acknowledgedBytes, estimatedBytes: reader.estimateSize() });
      }
      follows = position.nextByte === end;
    }
    restartAt(position.nextByte);
  }
}

function explainAstray(blob: OutgoingBlob, end: number, wanted: number): EcrpError {
  return new EcrpError(
    'UNAVAILABLE',
    `The service does not follow the upload of ${blob.id}: after byte ${end} was sent it wants byte ${wanted}`,
    { hint: 'Run the command again; that sends the layer from the start.', operation: 'UploadLayerPart' },
  );
}

function explainLength(blob: OutgoingBlob, { size }: Content, sentBytes: number): EcrpError {
  if (sentBytes > size) return explainAstray(blob, size, sentBytes);
  return new EcrpError('INVALID_INPUT', `${blob.id} ended after ${sentBytes} of ${size} bytes`, {
    hint: 'The source is cut short, or it changed while it was read: save the image again.',
  });
}

/** The compressed size of a layer may turn out too large only now. */
function checkPartCount(blob: OutgoingBlob, end: number, partBytes: number, { maxParts }: PartRule): void {
  if (end <= maxParts * partBytes) return;
  throw new EcrpError('LIMIT', `Layer ${blob.id} needs more than ${maxParts} parts of ${partBytes} bytes`, {
    hint: 'Split what the layer holds over several layers.',
  });
}
