import type { BegunUpload } from '../../ends/image-target.ts';
import { EcrpError, type ErrorCode } from '../../errors.ts';
import type { PushService } from '../push-service.ts';

/** How often in a row the service may ask for another byte without acknowledging a new one. */
const MAX_FRUITLESS_ANSWERS = 3;

const TRANSIENT: readonly ErrorCode[] = ['UNAVAILABLE', 'AUTH', 'INTERRUPTED'];

/** Where the service is in an upload, by its own answers. */
export class UploadPosition {
  #nextByte: number;
  #mostAcknowledged: number;
  #resumedBytes: number;
  #fruitless = 0;
  #hasAnswered = false;

  /** `start`: the byte that the service expects now, or expected when that was saved; 0 for a new upload. */
  constructor(start: number) {
    this.#nextByte = start;
    this.#mostAcknowledged = start;
    this.#resumedBytes = start;
  }

  get nextByte(): number {
    return this.#nextByte;
  }

  get mostAcknowledged(): number {
    return this.#mostAcknowledged;
  }

  /** Bytes that the service had before this push sent any. */
  get resumedBytes(): number {
    return this.#resumedBytes;
  }

  /** True when the service's answers make no sense or no progress. */
  get isAstray(): boolean {
    return (
      !Number.isSafeInteger(this.#nextByte) || this.#nextByte < 0 || this.#fruitless >= MAX_FRUITLESS_ANSWERS
    );
  }

  /** Follows the answer to a part that ended before `end`. */
  move(to: number, end: number): void {
    // The first answer may differ from the part: parts of the interrupted push arrived after the position was asked for.
    const isLearning = !this.#hasAnswered && this.#resumedBytes > 0 && to !== end;
    this.#resumedBytes = isLearning ? to : Math.min(this.#resumedBytes, to);
    this.#hasAnswered = true;
    this.#nextByte = to;
    if (to > this.#mostAcknowledged) {
      this.#mostAcknowledged = to;
      this.#fruitless = 0;
    } else if (to !== end) {
      this.#fruitless += 1;
    }
  }
}

/**
 * Asks which byte the service expects next of an interrupted upload. The interrupted push may have missed answers, and a part is thousands
 * of times larger than this question. No operation answers it; but the service refuses a repeated first byte and says what it holds.
 * Returns the saved position when the service does not say, undefined when the upload cannot be resumed.
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
    // After one accepted byte the upload is corrupt: it had lost everything, and now begins with a byte that is not the layer's.
    if (answer.kind === 'accepted') return answer.nextByte > 1 ? answer.nextByte : undefined;
    return answer.nextByte ?? nextByte;
  } catch (error) {
    signal.throwIfAborted();
    if (isTransient(error)) throw error;
    return nextByte;
  } finally {
    part.release();
  }
}

/** True for transient errors. After any other, the saved upload may be corrupt: discard it. */
export function isTransient(error: unknown): boolean {
  return !(error instanceof EcrpError) || TRANSIENT.includes(error.code);
}
