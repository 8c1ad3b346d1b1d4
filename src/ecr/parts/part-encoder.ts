import { createHash, type Hash } from 'node:crypto';
import type { RepositoryAddress } from '../repositories.ts';

/**
 * Source bytes per step, a multiple of three. Their text fits into V8's young generation. Longer texts take up to five times as long, and
 * dozens of them stay in memory until a full collection.
 */
const STEP_BYTES = 48 * 1024;
const HEAD = '{"layerPartBlob":"';
/** Room for the members after the blob: names of up to 205 characters, an id, two numbers. */
const TAIL_BYTES = 1024;

/** The other members of an UploadLayerPart, by their names in the service model. */
export interface PartMembers extends RepositoryAddress {
  readonly uploadId: string;
  readonly partFirstByte: number;
  readonly partLastByte: number;
}

/** Body of a request, and the SHA-256 for its signature, in hexadecimal. */
export interface PartBody {
  readonly bytes: Buffer;
  readonly sha256: string;
}

/**
 * Builds the body of an UploadLayerPart while the part is read, in small steps of base64 and hash. It keeps the part as base64 only. The
 * blob is the first member, because the others may be known later.
 */
export class PartEncoder {
  readonly capacity: number;
  readonly #buffer: Buffer;
  /** Up to two bytes, short of a group of three. */
  readonly #rest = Buffer.alloc(3);
  #restBytes = 0;
  #size = 0;
  #end = 0;
  #hash: Hash = createHash('sha256');

  /** `capacity`: most bytes of a part. `buffer` is reused when it is long enough. */
  constructor(capacity: number, buffer?: Buffer) {
    const length = HEAD.length + Math.ceil(capacity / 3) * 4 + TAIL_BYTES;
    this.capacity = capacity;
    this.#buffer = buffer && buffer.length >= length ? buffer : Buffer.allocUnsafeSlow(length);
    this.clear();
  }

  /** Bytes of the part so far. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of the body so far, without the members after the blob. */
  get bodyBytes(): number {
    return this.#end;
  }

  /** For another encoder, when this one is no longer used. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Appends as many of the bytes as fit and returns how many. */
  append(bytes: Buffer): number {
    const taken = Math.min(bytes.length, this.capacity - this.#size);
    this.#size += taken;
    let start = 0;
    if (this.#restBytes > 0) {
      start = bytes.copy(this.#rest, this.#restBytes, 0, Math.min(taken, 3 - this.#restBytes));
      this.#restBytes += start;
      if (this.#restBytes < 3) {
        return taken;
      }
      this.#encode(this.#rest);
      this.#restBytes = 0;
    }
    const whole = taken - ((taken - start) % 3);
    for (; start < whole; start += STEP_BYTES) {
      this.#encode(bytes.subarray(start, Math.min(whole, start + STEP_BYTES)));
    }
    this.#restBytes = bytes.copy(this.#rest, 0, whole, taken);
    return taken;
  }

  /** Completes the body. It may be called again, for a part that is sent again. Until `clear`, nothing can be appended. */
  finish(members: PartMembers): PartBody {
    const tail = `",${JSON.stringify(members).slice(1)}`;
    if (Buffer.byteLength(tail) > TAIL_BYTES) {
      throw new RangeError(`no room for an upload id of ${members.uploadId.length} characters`);
    }
    this.#encode(this.#rest.subarray(0, this.#restBytes));
    this.#restBytes = 0;
    const end = this.#end + this.#buffer.write(tail, this.#end, 'utf8');
    const hash = this.#hash.copy().update(this.#buffer.subarray(this.#end, end));
    return { bytes: this.#buffer.subarray(0, end), sha256: hash.digest('hex') };
  }

  clear(): void {
    this.#restBytes = 0;
    this.#size = 0;
    this.#end = 0;
    this.#hash = createHash('sha256');
    this.#write(HEAD);
  }

  #encode(bytes: Buffer): void {
    this.#write(bytes.toString('base64'));
  }

  #write(text: string): void {
    const written = this.#buffer.write(text, this.#end, 'latin1');
    this.#hash.update(this.#buffer.subarray(this.#end, this.#end + written));
    this.#end += written;
  }
}
