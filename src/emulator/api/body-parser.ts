import { randomUUID } from 'node:crypto';
import { decodeBase64, decodeGroups, isModest, type ParsedObject, parseObject } from '../json.ts';
import { ServiceError } from '../service-error.ts';
import { type BufferPool, PooledBytes } from './buffer-pool.ts';

const QUOTE = 0x22;
/** The blob must begin within this many bytes. The other members need fewer. */
const MAX_HEAD_BYTES = 8 * 1024;
/** The number of bytes to encode at a time. A multiple of 3. */
const ENCODE_STEP = 48 * 1024;
/** Stands for the blob while the rest is parsed. No client can know it. */
const placeholder = randomUUID();

/**
 * Parses the body of a request, a JSON object, while it arrives. The member `blobMember` may be decoded to bytes on the way: a layer part is most of its
 * request and never exists as text. A body whose blob is not found that way is restored and parsed as a whole.
 */
export class BodyParser {
  readonly #pool: BufferPool;
  readonly #blobMember: string | undefined;
  readonly #expectedBytes: number;
  /** `head`, `blob`, `tail`: before, in and after the blob's characters. `whole`: the blob is not decoded on the way. */
  #phase: 'head' | 'blob' | 'tail' | 'whole';
  /** All bytes of the body but the blob's characters. */
  readonly #around: PooledBytes;
  /** The position of the blob in `around`. */
  #blobAt = 0;
  #blob: PooledBytes | undefined;
  /** The number of the blob's bytes that were decoded from groups without padding. */
  #plainBytes = 0;
  /** The last characters of the blob, up to four: only the last group may have padding. */
  #rest: Buffer = Buffer.alloc(0);

  /** `expectedBytes` is the announced length of the body, or 0. It only sizes buffers. */
  constructor(pool: BufferPool, expectedBytes: number, blobMember?: string) {
    this.#pool = pool;
    this.#blobMember = blobMember;
    this.#expectedBytes = expectedBytes;
    this.#phase = blobMember === undefined ? 'whole' : 'head';
    this.#around = new PooledBytes(
      pool,
      blobMember === undefined ? expectedBytes : Math.min(expectedBytes, MAX_HEAD_BYTES),
    );
  }

  append(chunk: Buffer): void {
    if (this.#phase === 'head') this.#appendToHead(chunk);
    else if (this.#phase === 'blob') this.#appendToBlob(chunk);
    else this.#around.append(chunk);
  }

  /** Returns the members. An empty body counts as `{}`. Bytes stay valid until `release`. Throws SerializationException for anything but a JSON object. */
  parse(): ParsedObject {
    const around = this.#phase === 'tail' ? this.#parseAroundBlob() : undefined;
    if (around !== undefined) return around;
    this.#restoreWhole();
    const { bytes } = this.#around;
    const whole = bytes.length === 0 ? {} : isModest(bytes) ? parseObject(bytes.toString()) : undefined;
    if (whole === undefined) {
      throw new ServiceError('SerializationException', 'Unexpected token received from parser');
    }
    return whole;
  }

  /** Returns the memory to the pool. */
  release(): void {
    this.#around.release();
    this.#blob?.release();
  }

  #appendToHead(chunk: Buffer): void {
    const taken = chunk.subarray(0, MAX_HEAD_BYTES - this.#around.length);
    this.#around.append(taken);
    const start = findValue(this.#around.bytes, this.#blobMember ?? '');
    if (start !== undefined) {
      const first = Buffer.from(this.#around.bytes.subarray(start));
      this.#around.truncate(start);
      this.#blobAt = start;
      this.#blob = new PooledBytes(this.#pool, Math.ceil((this.#expectedBytes * 3) / 4));
      this.#phase = 'blob';
      this.append(first);
    } else if (this.#around.length === MAX_HEAD_BYTES) {
      this.#phase = 'whole';
    }
    if (taken.length < chunk.length) this.append(chunk.subarray(taken.length));
  }

  #appendToBlob(chunk: Buffer): void {
    const quote = chunk.indexOf(QUOTE);
    const characters = quote < 0 ? chunk : chunk.subarray(0, quote);
    if (!this.#decode(characters)) {
      this.#restoreWhole();
      this.#around.append(chunk);
      return;
    }
    if (quote < 0) return;
    const last = decodeBase64(this.#rest.toString('latin1'));
    if (last === undefined) this.#restoreWhole();
    else {
      this.#blob?.append(last);
      this.#phase = 'tail';
    }
    this.#around.append(chunk.subarray(quote));
  }

  /** Decodes the characters in `rest` and all new ones but the last group. Returns false for invalid base64. Nothing has changed then. */
  #decode(characters: Buffer): boolean {
    if (characters.length === 0) return true;
    // The first group may have begun in the previous chunk.
    const filling = Math.min((4 - (this.#rest.length % 4)) % 4, characters.length);
    const first = Buffer.concat([this.#rest, characters.subarray(0, filling)]);
    const following = characters.length - filling;
    if (following === 0) {
      this.#rest = first;
      return true;
    }
    const kept = ((following - 1) % 4) + 1;
    const groups = characters.subarray(filling, characters.length - kept);
    const length = this.#plainBytes + ((first.length + groups.length) / 4) * 3;
    const target = this.#blob?.extend(length - this.#plainBytes);
    const isPlain =
      target !== undefined &&
      decodeGroups(first, target) &&
      decodeGroups(groups, target.subarray((first.length / 4) * 3));
    if (!isPlain) {
      this.#blob?.truncate(this.#plainBytes);
      return false;
    }
    this.#plainBytes = length;
    // A copy, so that the chunk can be freed.
    this.#rest = Buffer.from(characters.subarray(characters.length - kept));
    return true;
  }

  /** Undefined when the decoded string is not the object's member, but in a nested object or the first of two. */
  #parseAroundBlob(): ParsedObject | undefined {
    const { bytes } = this.#around;
    const member = this.#blobMember ?? '';
    const before = bytes.toString('utf8', 0, this.#blobAt);
    if (!isModest(bytes)) return undefined;
    const rest = parseObject(`${before}${placeholder}${bytes.toString('utf8', this.#blobAt)}`);
    if (rest === undefined || !Object.hasOwn(rest, member) || rest[member] !== placeholder) return undefined;
    return { ...rest, [member]: this.#blob?.bytes };
  }

  /** Restores the blob's characters in their place. */
  #restoreWhole(): void {
    if (this.#phase === 'blob' || this.#phase === 'tail') {
      const tail = Buffer.from(this.#around.bytes.subarray(this.#blobAt));
      this.#around.truncate(this.#blobAt);
      // Groups without padding have only one encoding.
      const plain = this.#blob?.bytes.subarray(0, this.#plainBytes) ?? Buffer.alloc(0);
      for (let at = 0; at < plain.length; at += ENCODE_STEP) {
        this.#around.append(Buffer.from(plain.toString('base64', at, at + ENCODE_STEP), 'latin1'));
      }
      this.#around.append(this.#rest);
      this.#around.append(tail);
    }
    this.#phase = 'whole';
  }
}

/** The position after the opening quote of the first string that looks like the member's value. */
function findValue(bytes: Buffer, member: string): number | undefined {
  const name = `"${member}"`;
  const at = bytes.indexOf(name);
  if (at < 0) return undefined;
  const tail = bytes.toString('latin1', at + name.length, at + name.length + 16);
  const opening = /^\s*:\s*"/.exec(tail);
  return opening === null ? undefined : at + name.length + opening[0].length;
}
