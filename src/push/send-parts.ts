import type { LayerPart, PushService } from '../ecr/push-service.ts';
import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/archive-manifest.ts';
import { MAX_PARTS_PER_LAYER, MIN_PART_BYTES } from '../wire/limits.ts';
import { cutParts, ringParts } from './cut-parts.ts';
import type { BlobRestartedEvent } from './events.ts';
import type { FillTurns } from './fill-turns.ts';
import { locateUpload } from './locate-upload.ts';
import { choosePartBytes } from './push-limits.ts';
import type { PlannedBlob } from './push-plan.ts';
import { readAhead } from './read-ahead.ts';
import { UploadPosition } from './upload-position.ts';
import type { BegunUpload } from './upload-record.ts';

export interface SendOptions {
  readonly service: PushService;
  /** Upper bound of a part in bytes; the service asks for a size of its own. */
  readonly partBytes?: number | undefined;
  /** Shared by all blobs of a push. */
  readonly turns: FillTurns;
  /** Most parts that are made ready while one is in flight, each of them in memory; default 1. */
  readonly partsAhead?: number | undefined;
  readonly signal: AbortSignal;
  /** Bytes acknowledged, absolute, never decreasing; `estimatedBytes` as `BlobReading` tells it. */
  readonly onProgress: (acknowledgedBytes: number, estimatedBytes?: number) => void;
  /** Bytes that an earlier push has sent; they count as acknowledged. */
  readonly onResume: (resumedBytes: number) => void;
  readonly onRestart: (reason: BlobRestartedEvent['reason'], nextByte: number) => void;
}

/** `vanished`: the service does not know the upload any more. `failed`: nothing comes of going on with it. */
export type SendOutcome =
  | SentBlob
  | { readonly kind: 'vanished' }
  | { readonly kind: 'failed'; readonly error: EcrpError };

interface SentBlob {
  readonly kind: 'sent';
  readonly content: Content;
  /** Bytes that the service had of an earlier push. */
  readonly resumedBytes: number;
}

/**
 * Sends the bytes of a blob that an upload lacks, parts strictly in order; goes to wherever the service says it is, also
 * back. While one is in flight the next one is made ready, and while one waits for its answer the next one is begun: a link is
 * not left empty for a round trip and the time that the service takes. `keep` is told after each answer.
 */
export async function sendParts(
  blob: PlannedBlob,
  upload: BegunUpload,
  keep: (upload: BegunUpload) => void,
  {
    service,
    partBytes: upperBound,
    turns,
    partsAhead = 1,
    signal,
    onProgress,
    onResume,
    onRestart,
  }: SendOptions,
): Promise<SendOutcome> {
  const { uploadId, partSize } = upload;
  // What was interrupted once may be again: of smaller parts, with none begun, less is lost.
  const isResumed = upload.nextByte > 0;
  const mostBytes = isResumed ? Math.min(MIN_PART_BYTES, upperBound ?? MIN_PART_BYTES) : upperBound;
  const partBytes = choosePartBytes(partSize, mostBytes, blob.sourceBytes);
  // No longer than the blob, as most blobs are small.
  const capacity = Math.min(partBytes, blob.content?.size ?? partBytes);
  const first = isResumed ? await locateUpload(service, upload, signal) : 0;
  if (first === undefined) {
    return { kind: 'vanished' };
  }
  if (isResumed) {
    keep({ uploadId, partSize, nextByte: first });
    onResume(first);
  }
  const position = new UploadPosition(first);
  const ring = ringParts(() => service.createPart(capacity), 1 + partsAhead);
  try {
    for (;;) {
      const reading = blob.open(position.nextByte);
      const parts = readAhead(
        (isClosed) => cutParts(reading.bytes, { capacity, ring, turns }, () => isClosed() || signal.aborted),
        partsAhead,
      );
      try {
        for (let follows = true; follows; ) {
          const part = await parts.next();
          signal.throwIfAborted();
          if (part === undefined) {
            const content = reading.finish();
            return content.size === position.nextByte
              ? { kind: 'sent', content, resumedBytes: position.resumedBytes }
              : { kind: 'failed', error: explainLength(blob, content, position.nextByte) };
          }
          const start = position.nextByte;
          const end = start + part.size;
          checkPartCount(blob, end, partBytes);
          let ahead: Promise<LayerPart | undefined> | undefined;
          for (let attempt = 1; position.nextByte === start; attempt += 1) {
            // What a part held is there until the ring comes round, so asking for it again costs no reading.
            if (attempt > 1) {
              onRestart('resync', start);
            }
            let isInFlight = true;
            const beginNext = async (): Promise<void> => {
              const following = await ahead;
              if (isInFlight) {
                following?.begin(uploadId, end);
              }
            };
            const sent = part
              .upload(uploadId, start, signal, isResumed ? undefined : beginNext)
              .finally(() => {
                isInFlight = false;
              });
            ahead ??= parts.prefetch();
            const answer = await sent;
            if (answer.kind === 'vanished') {
              return answer;
            }
            position.move(answer.nextByte ?? 0, end);
            if (position.isAstray || (blob.content && position.nextByte > blob.content.size)) {
              return { kind: 'failed', error: explainAstray(blob, end, position.nextByte) };
            }
            keep({ uploadId, partSize, nextByte: position.nextByte });
            onProgress(position.mostAcknowledged, reading.estimateSize?.());
          }
          follows = position.nextByte === end;
        }
      } catch (error) {
        reading.cancel?.();
        throw error;
      } finally {
        await parts.close();
        ring.clear();
      }
      onRestart('resync', position.nextByte);
    }
  } finally {
    ring.release();
  }
}

function explainAstray(blob: PlannedBlob, end: number, wanted: number): EcrpError {
  return new EcrpError(
    'UNAVAILABLE',
    `The service does not follow the upload of ${blob.id}: after byte ${end} was sent it wants byte ${wanted}`,
    { hint: 'Run the command again; that starts the layer anew.', operation: 'UploadLayerPart' },
  );
}

function explainLength(blob: PlannedBlob, { size }: Content, sentBytes: number): EcrpError {
  if (sentBytes > size) {
    return explainAstray(blob, size, sentBytes);
  }
  return new EcrpError('INVALID_INPUT', `${blob.id} ended after ${sentBytes} of ${size} bytes`);
}

/** What a layer is compressed to may turn out too long only now. */
function checkPartCount(blob: PlannedBlob, end: number, partBytes: number): void {
  if (end > MAX_PARTS_PER_LAYER * partBytes) {
    throw new EcrpError(
      'LIMIT',
      `Layer ${blob.id} needs more than ${MAX_PARTS_PER_LAYER} parts of ${partBytes} bytes`,
      { hint: 'Split what the layer holds over several layers.' },
    );
  }
}
