/**
 * Limits how many bytes all requests hold together. A request waits, in order of arrival, until enough bytes are free. Each request asks once for
 * everything it needs, so none waits forever.
 */
export class ByteBudget {
  readonly #most: number;
  #free: number;
  readonly #waiting: { readonly bytes: number; readonly grant: () => void }[] = [];

  constructor(mostBytes: number) {
    this.#most = mostBytes;
    this.#free = mostBytes;
  }

  /** Resolves when `bytes` are free, to a function that gives them back; calling it again has no effect. A request above the limit takes all of it. */
  async take(bytes: number): Promise<() => void> {
    const taken = Math.min(bytes, this.#most);
    if (this.#waiting.length > 0 || taken > this.#free) {
      await new Promise<void>((grant) => this.#waiting.push({ bytes: taken, grant }));
    } else {
      this.#free -= taken;
    }
    let held = taken;
    return () => {
      this.#free += held;
      held = 0;
      this.#grantNext();
    };
  }

  #grantNext(): void {
    for (
      let next = this.#waiting[0];
      next !== undefined && next.bytes <= this.#free;
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      this.#free -= next.bytes;
      next.grant();
    }
  }
}
