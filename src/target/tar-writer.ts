import { pack } from 'tar-stream';

const BLOCK_BYTES = 512;
/** Two blocks of NULs end a tar. */
const END = Buffer.alloc(2 * BLOCK_BYTES);

/** What a tar is written into. */
export interface TarOutput {
  /** Writes the next bytes, which nothing changes afterwards. */
  write(bytes: Buffer): Promise<void>;
  /** Writes over bytes that were written before. Absent where that is impossible. */
  rewrite?(bytes: Buffer, position: number): Promise<void>;
}

/** Writes a tar entry by entry. Owners, modes and times are the same in every tar, so equal content makes equal tars. */
export class TarWriter {
  readonly #output: TarOutput;
  #position = 0;

  constructor(output: TarOutput) {
    this.#output = output;
  }

  async addBytes(name: string, bytes: Buffer): Promise<void> {
    await this.#write(await encodeHeader(name, bytes.length));
    if (bytes.length > 0) await this.#write(bytes);
    await this.#pad(bytes.length);
  }

  /** Adds an entry of exactly `size` bytes. */
  async addChunks(name: string, size: number, chunks: AsyncIterable<Buffer>): Promise<void> {
    await this.#write(await encodeHeader(name, size));
    const written = await this.#writeAll(chunks);
    if (written !== size) throw new Error(`the tar entry ${name} has ${written} bytes, not ${size}`);
    await this.#pad(size);
  }

  /** Adds an entry whose size is known at its end. The output must be able to rewrite. */
  async addUnmeasured(name: string, chunks: AsyncIterable<Buffer>): Promise<void> {
    const { rewrite } = this.#output;
    if (rewrite === undefined) throw new TypeError('the size of the entry is needed first');
    const start = this.#position;
    await this.#write(Buffer.alloc(BLOCK_BYTES));
    const size = await this.#writeAll(chunks);
    await this.#pad(size);
    await rewrite.call(this.#output, await encodeHeader(name, size), start);
  }

  async end(): Promise<void> {
    await this.#write(END);
  }

  async #writeAll(chunks: AsyncIterable<Buffer>): Promise<number> {
    const before = this.#position;
    for await (const chunk of chunks) await this.#write(chunk);
    return this.#position - before;
  }

  async #pad(size: number): Promise<void> {
    const rest = size % BLOCK_BYTES;
    if (rest > 0) await this.#write(END.subarray(0, BLOCK_BYTES - rest));
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#position += bytes.length;
    await this.#output.write(bytes);
  }
}

/** Encodes the header of a file. The names that are written here fit into one block. */
async function encodeHeader(name: string, size: number): Promise<Buffer> {
  const tar = pack();
  const entry = tar.entry({ name, size, mode: 0o644, mtime: new Date(0) });
  // It is destroyed before it has its bytes.
  entry.on('error', () => undefined);
  // as: a stream of pack has Buffers.
  for await (const header of tar) return header as Buffer;
  throw new Error(`the tar entry ${name} has no header`);
}
