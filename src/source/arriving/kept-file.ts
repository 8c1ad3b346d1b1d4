import { EcrpError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { type ByteFile, createByteFile } from '../byte-file.ts';
import { describeSpoolError, openSpoolFile, refuseSpool, type SpoolOwner, writeChunk } from '../spool.ts';

/** Most bytes held in memory. Further ones go into a temporary file. */
export const KEPT_MEMORY_BYTES = 16 * 1024 * 1024;

interface Piece {
  readonly start: number;
  readonly length: number;
  /** Undefined if it is in the temporary file, at `spooledAt`. */
  readonly bytes: Buffer | undefined;
  readonly spooledAt: number;
}

interface Spool {
  readonly descriptor: number;
  readonly file: ByteFile;
  readonly removeName: () => void;
  bytes: number;
}

export interface KeptFileOptions {
  readonly temporaryDirectory: string;
  readonly memoryBytes?: number;
  /** Most bytes in the temporary file. */
  readonly maxSpoolBytes: number;
}

/**
 * The ranges of a stream that were kept, to be read like a file: the first ones from memory, the others from a temporary
 * file. Reading any other range throws UNAVAILABLE.
 */
export class KeptFile implements ByteFile {
  readonly path: string;
  readonly #options: KeptFileOptions;
  /** Ascending, without overlaps. */
  readonly #pieces: Piece[] = [];
  readonly #digests = new Map<number, Digest>();
  #memoryLeft: number;
  #size = 0;
  #spool: Spool | undefined;

  constructor(path: string, options: KeptFileOptions) {
    this.path = path;
    this.#options = options;
    this.#memoryLeft = options.memoryBytes ?? KEPT_MEMORY_BYTES;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether memory has room for so many further bytes. */
  hasRoomFor(bytes: number): boolean {
    return bytes <= this.#memoryLeft;
  }

  /** Keeps a copy of bytes. Positions must ascend. */
  async keep(start: number, bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    const { length } = bytes;
    if (this.hasRoomFor(length)) {
      this.#memoryLeft -= length;
      this.#pieces.push({ start, length, bytes: Buffer.from(bytes), spooledAt: 0 });
      return;
    }
    this.#pieces.push({ start, length, bytes: undefined, spooledAt: await this.#write(bytes) });
  }

  /** Records the digest of a range that was not kept, by its first byte. */
  noteDigest(start: number, digest: Digest): void {
    this.#digests.set(start, digest);
  }

  digestAt(start: number): Digest | undefined {
    return this.#digests.get(start);
  }

  /** Must be called at the end of the stream, with its length in bytes. */
  end(size: number): void {
    this.#size = size;
  }

  async read(position: number, length: number): Promise<Buffer> {
    const end = Math.min(position + length, this.#size);
    const found: Buffer[] = [];
    for (let at = position; at < end; ) {
      const piece = this.#find(at);
      if (piece === undefined) throw refuseLostBytes(this.path);
      const offset = at - piece.start;
      const count = Math.min(end - at, piece.length - offset);
      found.push(await this.#read(piece, offset, count));
      at += count;
    }
    return found.length === 1 && found[0] ? found[0] : Buffer.concat(found);
  }

  /** Kept bytes cannot change. */
  assertUnchanged(): void {}

  close(): void {
    this.#spool?.file.close();
    this.#spool?.removeName();
  }

  #find(position: number): Piece | undefined {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#pieces[middle]?.start ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    const piece = this.#pieces[low - 1];
    return piece !== undefined && position < piece.start + piece.length ? piece : undefined;
  }

  async #read({ bytes, spooledAt }: Piece, offset: number, count: number): Promise<Buffer> {
    if (bytes !== undefined) return bytes.subarray(offset, offset + count);
    const found = await this.#spool?.file.read(spooledAt + offset, count);
    if (found?.length !== count) throw new TypeError(`the temporary file of ${this.path} is cut short`);
    return found;
  }

  async #write(bytes: Buffer): Promise<number> {
    const { temporaryDirectory, maxSpoolBytes } = this.#options;
    const owner = { path: this.path, compression: undefined };
    this.#spool ??= openSpool(owner, temporaryDirectory);
    const at = this.#spool.bytes;
    this.#spool.bytes += bytes.length;
    if (this.#spool.bytes > maxSpoolBytes) throw refuseSpool(owner, temporaryDirectory, maxSpoolBytes);
    try {
      await writeChunk(this.#spool.descriptor, bytes);
    } catch (error) {
      throw describeSpoolError(owner, temporaryDirectory, error);
    }
    return at;
  }
}

function openSpool(owner: SpoolOwner, temporaryDirectory: string): Spool {
  const { descriptor, removeName } = openSpoolFile(owner, temporaryDirectory);
  return { descriptor, file: createByteFile(owner.path, descriptor), removeName, bytes: 0 };
}

/** The error for bytes that were not kept. */
function refuseLostBytes(path: string): EcrpError {
  return new EcrpError(
    'UNAVAILABLE',
    `${path}: bytes of a layer are needed again, but a stream cannot be read twice`,
    {
      hint: 'Run the command again, or write the archive into a file and push that.',
    },
  );
}
