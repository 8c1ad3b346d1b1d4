/** How long a layer keeps its turn while it waits for its source. */
const PATIENCE_MS = 20;

/**
 * Makes the layers of a push fill their parts one after the other. The first part is under way while the second is encoded; otherwise all
 * would be ready late, at the same moment. A layer that waits for its source loses its turn.
 */
export class FillTurns {
  readonly #patienceMs: number;
  #last: Promise<void> = Promise.resolve();

  constructor(patienceMs: number = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
  }

  /** Waits for all turns that were requested before. */
  async take(): Promise<FillTurn> {
    const before = this.#last;
    let end: () => void = () => undefined;
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return new FillTurn(end, this.#patienceMs);
  }
}

export class FillTurn {
  readonly #pass: () => void;
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  constructor(pass: () => void, patienceMs: number) {
    this.#pass = pass;
    this.#timer = setTimeout(() => this.end(), patienceMs).unref();
  }

  /** Call it when bytes have arrived; false when the turn has passed to another layer. */
  goOn(): boolean {
    if (!this.#isOver) this.#timer.refresh();
    return !this.#isOver;
  }

  /** Idempotent. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#pass();
  }
}
