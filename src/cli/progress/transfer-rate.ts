/** The rate is that of this long, or of the last acknowledgements if they are fewer than `LEAST_MARKS`. */
const WINDOW_MS = 10_000;
const LEAST_MARKS = 6;
/** Before, a rate would say more about connecting than about the line. */
const SETTLING_MS = 2_000;
/** What comes in shorter succession is one mark, so that there are never many. */
const MARK_MS = 200;

interface Mark {
  readonly atMs: number;
  readonly bytes: number;
}

/** How fast bytes are acknowledged. They come in parts, so the rate holds between two of them, and falls when the next is late. */
export class TransferRate {
  #marks: Mark[] = [];

  /** `bytes`: how many there are so far; fewer than before begins anew. Times are of any one clock. */
  add(bytes: number, atMs: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && bytes < last.bytes) this.#marks = [];
    const before = this.#marks.at(-2);
    if (last !== undefined && before !== undefined && last.atMs - before.atMs < MARK_MS) this.#marks.pop();
    this.#marks.push({ atMs, bytes });
    while (this.#marks.length > LEAST_MARKS && (this.#marks[1]?.atMs ?? atMs) < atMs - WINDOW_MS) {
      this.#marks.shift();
    }
  }

  /** Undefined while too little is known. */
  measure(nowMs: number): number | undefined {
    const first = this.#marks[0];
    const last = this.#marks.at(-1);
    if (first === undefined || last === undefined || this.#marks.length < 2) return undefined;
    const spanMs = last.atMs - first.atMs;
    const lateMs = Math.max(0, nowMs - last.atMs - spanMs / (this.#marks.length - 1));
    const takenMs = spanMs + lateMs;
    return takenMs < SETTLING_MS ? undefined : ((last.bytes - first.bytes) * 1000) / takenMs;
  }
}
