/** How long a layer keeps its turn while its source lets it wait. */
const PATIENCE_MS = 20;

/**
 * Lets the layers of a push fill their parts one after the other instead of all at once: the first part is under way while the second is being encoded,
 * rather than all being ready late and at the same moment. Whoever waits for its source for long loses its turn, so nobody waits for a slow one.
 */
export class FillTurns {
  readonly #patienceMs: number;
  #last: Promise<void> = Promise.resolve();

  constructor(patienceMs: number = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
  }

  /** Waits for the turns that were asked for before. */
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

  /** To be called when bytes have come; false when the turn has passed to another meanwhile. */
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
