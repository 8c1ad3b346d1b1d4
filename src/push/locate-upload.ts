import type { PushService } from '../ecr/push-service.ts';
import type { BegunUpload } from './upload-record.ts';

/**
 * Asks which byte the service wants next of an upload that an earlier push has begun: the answers to its last parts may not have been
 * seen, and a part is ten million times as long as the question. No operation tells it; but the first byte, sent once more, is
 * refused with what is there. Undefined when the upload is of no use any more.
 */
export async function locateUpload(
  service: PushService,
  { uploadId, nextByte }: BegunUpload,
  signal: AbortSignal,
): Promise<number | undefined> {
  const part = service.createPart(1);
  part.append(Buffer.alloc(1));
  const answer = await part.upload(uploadId, 0, signal);
  part.release();
  switch (answer.kind) {
    case 'vanished':
      return undefined;
    case 'resync':
      return answer.nextByte ?? nextByte;
    case 'accepted':
      // It had nothing any more, and now has a byte that is none of the layer's.
      return answer.nextByte > 1 ? answer.nextByte : undefined;
  }
}
