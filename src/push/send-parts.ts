import type { PushService, StartedUpload } from '../ecr/push-service.ts';
import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/archive-manifest.ts';
import { MAX_PARTS_PER_LAYER } from '../wire/limits.ts';
import { cutParts, pairParts } from './cut-parts.ts';
import { choosePartBytes } from './push-limits.ts';
import type { PlannedBlob } from './push-plan.ts';
import { readAhead } from './read-ahead.ts';

/** How often the service may ask for another byte without having acknowledged one more than ever before. */
const MAX_FRUITLESS_ANSWERS = 3;

export interface SendOptions {
  readonly service: PushService;
  /** Upper bound of a part in bytes; the service asks for a size of its own. */
  readonly partBytes?: number | undefined;
  readonly signal: AbortSignal;
  /** Bytes acknowledged; absolute, never decreasing. */
  readonly onProgress: (acknowledgedBytes: number) => void;
  readonly onRestart: (reason: 'resync' | 'vanished', nextByte: number) => void;
}

/**
 * Sends all bytes of a blob to an upload, parts strictly in order, the next one made ready while one is in flight; goes
 * to wherever the service says it is, also back. Undefined when the service does not know the upload any more.
 */
export async function sendParts(
  blob: PlannedBlob,
  { uploadId, partSize }: StartedUpload,
  { service, partBytes: upperBound, signal, onProgress, onRestart }: SendOptions,
): Promise<Content | undefined> {
  const partBytes = choosePartBytes(partSize, upperBound, blob.sourceBytes);
  // No longer than the blob, as most blobs are small.
  const capacity = Math.min(partBytes, blob.content?.size ?? partBytes);
  const pair = pairParts(() => service.createPart(capacity));
  const position = trackPosition(blob);
  try {
    for (;;) {
      const reading = blob.open(position.nextByte);
      const parts = readAhead(cutParts(reading.bytes, capacity, pair));
      try {
        for (let follows = true; follows; ) {
          const part = await parts.next();
          signal.throwIfAborted();
          if (part === undefined) {
            return checkWhole(blob, reading.finish(), position.nextByte);
          }
          const end = position.nextByte + part.size;
          checkPartCount(blob, end, partBytes);
          const sent = part.upload(uploadId, position.nextByte, signal);
          parts.prefetch();
          const answer = await sent;
          if (answer.kind === 'vanished') {
            return undefined;
          }
          follows = position.move(answer.nextByte ?? 0, end);
          onProgress(position.mostAcknowledged);
        }
      } finally {
        await parts.close();
      }
      onRestart('resync', position.nextByte);
    }
  } finally {
    pair.release();
  }
}

/** Where the service is. */
function trackPosition(blob: PlannedBlob) {
  let nextByte = 0;
  let mostAcknowledged = 0;
  let fruitless = 0;
  return {
    get nextByte() {
      return nextByte;
    },
    get mostAcknowledged() {
      return mostAcknowledged;
    },
    /** Follows an answer; false when it is not where the part ended. Throws when following leads nowhere. */
    move(to: number, end: number): boolean {
      nextByte = to;
      if (to > mostAcknowledged) {
        mostAcknowledged = to;
        fruitless = 0;
      } else if (to !== end) {
        fruitless += 1;
      }
      if (fruitless === MAX_FRUITLESS_ANSWERS || (blob.content && to > blob.content.size)) {
        throw new EcrpError(
          'UNAVAILABLE',
          `The service does not follow the upload of ${blob.id}: after byte ${end} was sent it wants byte ${to}`,
          { hint: 'Run the command again; that starts the layer anew.', operation: 'UploadLayerPart' },
        );
      }
      return to === end;
    },
  };
}

function checkWhole(blob: PlannedBlob, content: Content, sentBytes: number): Content {
  if (content.size !== sentBytes) {
    throw new EcrpError('INVALID_INPUT', `${blob.id} ended after ${sentBytes} of ${content.size} bytes`);
  }
  return content;
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
