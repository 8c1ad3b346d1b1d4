import type { PushService, StartedUpload } from '../ecr/push-service.ts';
import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/archive-manifest.ts';
import { MAX_PARTS_PER_LAYER } from '../wire/limits.ts';
import { cutParts, PartBuffers } from './cut-parts.ts';
import { explainMismatch } from './explain-mismatch.ts';
import { choosePartBytes } from './push-limits.ts';
import type { BlobReading, PlannedBlob } from './push-plan.ts';

/** How often the service may ask for another byte without having acknowledged one more than ever before. */
const MAX_FRUITLESS_ANSWERS = 3;

export interface UploadOptions {
  readonly service: PushService;
  /** Upper bound of a part in bytes; the service asks for a size of its own. */
  readonly partBytes?: number | undefined;
  readonly signal: AbortSignal;
  /** Bytes acknowledged; absolute, never decreasing. */
  readonly onProgress: (acknowledgedBytes: number) => void;
  readonly onRestart: (reason: 'resync' | 'vanished', nextByte: number) => void;
}

export interface UploadedBlob extends Content {
  /** The repository had it before this upload was complete. */
  readonly existed: boolean;
}

/**
 * Uploads one blob: parts strictly in order, the next one read while one is in flight. Follows the service to where it
 * says it is, and begins again once when it has lost the upload.
 * Throws INVALID_INPUT when the source's bytes are not what their digest says.
 */
export async function uploadBlob(blob: PlannedBlob, options: UploadOptions): Promise<UploadedBlob> {
  const progress = followProgress(options.onProgress);
  const buffers = new PartBuffers();
  for (let attempt = 1; ; attempt += 1) {
    const upload = await options.service.initiateUpload(options.signal);
    const content = await sendParts(blob, upload, options, progress, buffers);
    const answer =
      content && (await options.service.completeUpload(upload.uploadId, content.digest, options.signal));
    if (content && answer?.kind === 'stored') {
      return { ...content, existed: answer.existed };
    }
    if (content && answer?.kind === 'mismatch') {
      throw await explainMismatch(blob, content, options.signal);
    }
    if (attempt === 2) {
      throw new EcrpError('UNAVAILABLE', `The service lost the upload of ${blob.id} twice`, {
        hint: 'Run the command again; what is stored already is not sent again.',
        operation: content ? 'CompleteLayerUpload' : 'UploadLayerPart',
        awsError: 'UploadNotFoundException',
      });
    }
    options.onRestart('vanished', 0);
  }
}

/** Sends all bytes; undefined when the service does not know the upload any more. */
async function sendParts(
  blob: PlannedBlob,
  { uploadId, partSize }: StartedUpload,
  { service, partBytes: upperBound, signal, onRestart }: UploadOptions,
  onProgress: (acknowledgedBytes: number) => void,
  buffers: PartBuffers,
): Promise<Content | undefined> {
  const partBytes = choosePartBytes(partSize, upperBound, blob.sourceBytes);
  let nextByte = 0;
  let mostAcknowledged = 0;
  let fruitless = 0;
  reading: for (;;) {
    const reading = blob.open(nextByte);
    // A buffer no longer than the blob is enough.
    const cutBytes = Math.min(partBytes, blob.content?.size ?? partBytes);
    const parts = readAhead(cutParts(reading.bytes, cutBytes, buffers));
    try {
      for (;;) {
        const part = await parts.next();
        signal.throwIfAborted();
        if (part === undefined) {
          return finishReading(blob, reading, nextByte);
        }
        checkPartCount(blob, nextByte, part.length, partBytes);
        const end = nextByte + part.length;
        const answer = await service.uploadPart(uploadId, nextByte, part, signal);
        if (answer.kind === 'vanished') {
          return undefined;
        }
        nextByte = answer.nextByte ?? 0;
        onProgress(nextByte);
        if (nextByte > mostAcknowledged) {
          mostAcknowledged = nextByte;
          fruitless = 0;
        } else if (nextByte !== end) {
          fruitless += 1;
        }
        if (fruitless === MAX_FRUITLESS_ANSWERS) {
          throw new EcrpError(
            'UNAVAILABLE',
            `The service does not take the next part of ${blob.id}: three times it asked for byte ${nextByte}`,
            { hint: 'Run the command again.', operation: 'UploadLayerPart' },
          );
        }
        if (nextByte !== end) {
          onRestart('resync', nextByte);
          continue reading;
        }
      }
    } finally {
      await parts.close();
    }
  }
}

function finishReading(blob: PlannedBlob, reading: BlobReading, sentBytes: number): Content {
  const content = reading.finish();
  if (content.size !== sentBytes) {
    throw new EcrpError('INVALID_INPUT', `${blob.id} ended after ${sentBytes} of ${content.size} bytes`);
  }
  return content;
}

/** A layer that grows while it is compressed may turn out too long only now. */
function checkPartCount(blob: PlannedBlob, start: number, bytes: number, partBytes: number): void {
  if (start + bytes > MAX_PARTS_PER_LAYER * partBytes) {
    throw new EcrpError(
      'LIMIT',
      `Layer ${blob.id} needs more than ${MAX_PARTS_PER_LAYER} parts of ${partBytes} bytes`,
      { hint: 'Split what the layer holds over several layers.' },
    );
  }
}

function followProgress(onProgress: (acknowledgedBytes: number) => void): (nextByte: number) => void {
  let most = 0;
  return (nextByte) => {
    if (nextByte > most) {
      most = nextByte;
      onProgress(most);
    }
  };
}

/** Reads the next part while the caller works on the one it got. */
function readAhead(parts: AsyncGenerator<Buffer>): {
  next(): Promise<Buffer | undefined>;
  close(): Promise<void>;
} {
  let ahead: Promise<IteratorResult<Buffer, unknown>> | undefined;
  return {
    async next() {
      const result = await (ahead ?? parts.next());
      ahead = undefined;
      if (result.done) {
        return undefined;
      }
      ahead = parts.next();
      // Its failure is seen by the next call, unless the upload fails first.
      ahead.catch(() => undefined);
      return result.value;
    },
    async close() {
      await ahead?.catch(() => undefined);
      await parts.return(undefined);
    },
  };
}
