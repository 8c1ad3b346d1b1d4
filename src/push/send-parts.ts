import type { LayerPart } from '../ecr/push-service.ts';
import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/descriptor.ts';
import { MAX_PARTS_PER_LAYER, MIN_PART_BYTES, PART_BYTES } from '../wire/limits.ts';
import type { BlobRestartedEvent } from './events.ts';
import { locateUpload } from './locate-upload.ts';
import { PartReader, type ReadOptions } from './part-reader.ts';
import { choosePartBytes } from './push-limits.ts';
import type { PlannedBlob } from './push-plan.ts';
import { UploadPosition } from './upload-position.ts';
import type { BegunUpload } from './upload-record.ts';

export interface SendOptions extends ReadOptions {
  /** Upper bound of a part in bytes; the service asks for a size of its own. */
  readonly partBytes?: number | undefined;
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
  readonly uploadId: string;
  readonly content: Content;
  /** Bytes that the service had of an earlier push. */
  readonly resumedBytes: number;
}

/**
 * Sends the bytes of a blob that an upload lacks, of a new one unless one is `begun`. Parts go strictly in order; it goes to
 * wherever the service says it is, also back. The first part is made ready while the upload is begun, the next one while one is in
 * flight; and while one waits for its answer the next one is begun: a link is not left empty for a round trip and the time that
 * the service takes. `keep` is told after each answer.
 */
export async function sendParts(
  blob: PlannedBlob,
  begun: BegunUpload | undefined,
  keep: (upload: BegunUpload) => void,
  options: SendOptions,
): Promise<SendOutcome> {
  const reader = new PartReader(blob, options);
  try {
    const upload = begun ?? (await beginUpload(blob, reader, options));
    return await sendRest(blob, reader, upload, keep, options);
  } catch (error) {
    reader.cancel();
    throw error;
  } finally {
    await reader.release();
  }
}

async function beginUpload(
  blob: PlannedBlob,
  reader: PartReader,
  { service, partBytes, signal }: SendOptions,
): Promise<BegunUpload> {
  // If the service asks for another size this time, what is ready is made again; what arrives cannot be.
  if (!blob.arriving) {
    reader.prepare(choosePartBytes(PART_BYTES, partBytes, blob.sourceBytes));
  }
  return { ...(await service.initiateUpload(signal)), nextByte: 0 };
}

async function sendRest(
  blob: PlannedBlob,
  reader: PartReader,
  upload: BegunUpload,
  keep: (upload: BegunUpload) => void,
  { service, partBytes: upperBound, signal, onProgress, onResume, onRestart }: SendOptions,
): Promise<SendOutcome> {
  const { uploadId, partSize } = upload;
  // What was interrupted once may be again: of smaller parts, with none begun, less is lost.
  const isResumed = upload.nextByte > 0;
  const mostBytes = isResumed ? Math.min(MIN_PART_BYTES, upperBound ?? MIN_PART_BYTES) : upperBound;
  const partBytes = choosePartBytes(partSize, mostBytes, blob.sourceBytes);
  const first = isResumed ? await locateUpload(service, upload, signal) : 0;
  if (first === undefined) {
    return { kind: 'vanished' };
  }
  if (isResumed) {
    keep({ uploadId, partSize, nextByte: first });
    onResume(first);
  }
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
        const sent = part.upload(uploadId, start, signal, isResumed ? undefined : beginNext).finally(() => {
          isInFlight = false;
        });
        ahead ??= reader.prefetch();
        const answer = await sent;
        if (answer.kind === 'vanished') {
          return answer;
        }
        position.move(answer.nextByte ?? 0, end);
        if (position.isAstray || (blob.content && position.nextByte > blob.content.size)) {
          return { kind: 'failed', error: explainAstray(blob, end, position.nextByte) };
        }
        keep({ uploadId, partSize, nextByte: position.nextByte });
        onProgress(position.mostAcknowledged, reader.estimateSize());
      }
      follows = position.nextByte === end;
    }
    onRestart('resync', position.nextByte);
  }
}

function explainAstray(blob: PlannedBlob, end: number, wanted: number): EcrpError {
  return new EcrpError(
    'UNAVAILABLE',
    `The service does not follow the upload of ${blob.id}: after byte ${end} was sent it wants byte ${wanted}`,
    { hint: 'Run the command again; that sends the layer from the start.', operation: 'UploadLayerPart' },
  );
}

function explainLength(blob: PlannedBlob, { size }: Content, sentBytes: number): EcrpError {
  if (sentBytes > size) {
    return explainAstray(blob, size, sentBytes);
  }
  return new EcrpError('INVALID_INPUT', `${blob.id} ended after ${sentBytes} of ${size} bytes`, {
    hint: 'The source is cut short, or it changed while it was read: save the image again.',
  });
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
