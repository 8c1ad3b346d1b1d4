/**
 * How many bytes may be held at the same time. Who wants more waits until others give some back, in the order of asking; as each asks once, for all
 * it needs, none waits for ever.
 */
export class ByteBudget {
  readonly #most: number;
  #free: number;
  readonly #waiting: { readonly bytes: number; readonly grant: () => void }[] = [];

  constructor(mostBytes: number) {
    this.#most = mostBytes;
    this.#free = mostBytes;
  }

  /** Settles when so many bytes may be held, and gives how to give them back, once. More than there are count as all there are. */
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
