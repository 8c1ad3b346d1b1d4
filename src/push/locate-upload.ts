import type { PushService } from '../ecr/push-service.ts';
import { isPassing } from './is-passing.ts';
import type { BegunUpload } from './upload-record.ts';

/**
 * Asks which byte the service wants next of an upload that an earlier push has begun: the answers to its last parts may not have been
 * seen, and a part is thousands of times as long as the question. No operation tells it; but the first byte, sent once more, is
 * refused with what is there. What was noted when the service does not say; undefined when the upload is of no use any more.
 */
export async function locateUpload(
  service: PushService,
  { uploadId, nextByte }: BegunUpload,
  signal: AbortSignal,
): Promise<number | undefined> {
  const part = service.createPart(1);
  part.append(Buffer.alloc(1));
  try {
    const answer = await part.upload(uploadId, 0, signal);
    if (answer.kind === 'vanished') return undefined;
    // With one byte it had nothing any more, and has now taken one that is none of the layer's.
    if (answer.kind === 'accepted') return answer.nextByte > 1 ? answer.nextByte : undefined;
    return answer.nextByte ?? nextByte;
  } catch (error) {
    signal.throwIfAborted();
    if (isPassing(error)) throw error;
    return nextByte;
  } finally {
    part.release();
  }
}
