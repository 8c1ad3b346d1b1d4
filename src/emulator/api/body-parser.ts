import { randomUUID } from 'node:crypto';
import { type JsonObject, parseObject } from '../json.ts';
import { isModest } from '../json-shape.ts';
import { ServiceError } from '../service-error.ts';
import { decodeBase64, decodeGroups } from './base64.ts';
import type { BufferPool } from './buffer-pool.ts';
import { PooledBytes } from './pooled-bytes.ts';

const QUOTE = 0x22;
/** The blob has to begin within this many bytes; the other members are no longer than that. */
const MAX_HEAD_BYTES = 8 * 1024;
/** Bytes that are encoded again at a time; a multiple of 3. */
const ENCODE_STEP = 48 * 1024;
/** Stands for the blob while the rest is parsed; no client can know it. */
const placeholder = randomUUID();

/**
 * Takes the body of a request, a JSON object, as it comes in. With `blobMember`, that member of the object may come out as decoded bytes instead of a
 * string: a layer part is most of its request, and is decoded on the way, so that it is never there as text. Any body whose blob is not plainly
 * there is put together again, and parsed as a whole.
 */
export class BodyParser {
  readonly #pool: BufferPool;
  readonly #blobMember: string | undefined;
  readonly #expectedBytes: number;
  /** `head`, `blob`, `tail`: before, in and after the blob's characters. `whole`: no blob is looked for any more. */
  #phase: 'head' | 'blob' | 'tail' | 'whole';
  /** Everything but the characters of the blob. */
  readonly #around: PooledBytes;
  /** Where in `around` the blob would be. */
  #blobAt = 0;
  #blob: PooledBytes | undefined;
  /** How many bytes of the blob came of groups without padding. */
  #plainBytes = 0;
  /** The last characters, up to four: only the last group may have padding. */
  #rest: Buffer = Buffer.alloc(0);

  /** `expectedBytes`: length of the body, if it is known; it is a matter of memory only. */
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

  /** The members; an empty body counts as `{}`. Throws SerializationException when it is no JSON object. Bytes are there until `release`. */
  parse(): JsonObject {
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

  /** Gives its memory back. */
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

  /** Decodes all characters but the last ones, after those that were left over. False, and nothing changed, when they are no base64. */
  #decode(characters: Buffer): boolean {
    if (characters.length === 0) return true;
    // The first group may have begun in the chunk before.
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
    // A copy, as the chunk is let go.
    this.#rest = Buffer.from(characters.subarray(characters.length - kept));
    return true;
  }

  /** Undefined when it is not this string that the object's member has, but one of a nested object, or the first of two. */
  #parseAroundBlob(): JsonObject | undefined {
    const { bytes } = this.#around;
    const member = this.#blobMember ?? '';
    const before = bytes.toString('utf8', 0, this.#blobAt);
    if (!isModest(bytes)) return undefined;
    const rest = parseObject(`${before}${placeholder}${bytes.toString('utf8', this.#blobAt)}`);
    if (rest === undefined || !Object.hasOwn(rest, member) || rest[member] !== placeholder) return undefined;
    return { ...rest, [member]: this.#blob?.bytes };
  }

  /** Puts what was taken for the blob back in its place, character by character. */
  #restoreWhole(): void {
    if (this.#phase === 'blob' || this.#phase === 'tail') {
      const tail = Buffer.from(this.#around.bytes.subarray(this.#blobAt));
      this.#around.truncate(this.#blobAt);
      // Groups without padding have one encoding only.
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

/** Where the first string begins, after its quote, that seems to be the member's value. */
function findValue(bytes: Buffer, member: string): number | undefined {
  const name = `"${member}"`;
  const at = bytes.indexOf(name);
  if (at < 0) return undefined;
  const tail = bytes.toString('latin1', at + name.length, at + name.length + 16);
  const opening = /^\s*:\s*"/.exec(tail);
  return opening === null ? undefined : at + name.length + opening[0].length;
}
