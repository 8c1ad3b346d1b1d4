/** How often the service may ask for another byte without having acknowledged one more than ever before. */
const MAX_FRUITLESS_ANSWERS = 3;

/** Where the service is in an upload, by its own answers. */
export class UploadPosition {
  #nextByte: number;
  #mostAcknowledged: number;
  #resumedBytes: number;
  #fruitless = 0;
  #hasAnswered = false;

  /** `start`: where it is, or was when that was noted; 0 for a new upload. */
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

  /** Bytes that the service had before anything was sent. */
  get resumedBytes(): number {
    return this.#resumedBytes;
  }

  /** Whether following leads nowhere. */
  get isAstray(): boolean {
    return (
      !Number.isSafeInteger(this.#nextByte) || this.#nextByte < 0 || this.#fruitless >= MAX_FRUITLESS_ANSWERS
    );
  }

  /** Follows the answer to a part that ended before `end`. */
  move(to: number, end: number): void {
    // A first answer that is beside the part tells of parts that were still on their way when the start was asked for.
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
