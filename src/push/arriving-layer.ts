import { createHash } from 'node:crypto';
import type { ByteQueue } from '../async/byte-queue.ts';
import type { Compressor } from '../compress/compressor.ts';
import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { ArrivingLayer } from '../source/layer-intake.ts';
import { countBytes, hashBytes } from './byte-streams.ts';
import { checkLayerEnd } from './layer-end.ts';
import type { BlobReading, PlannedBlob } from './push-plan.ts';
import { verifyGzip } from './verify-gzip.ts';

/**
 * A layer whose bytes go by once. As a blob it can be opened again only further on; of its parts, those in flight are in
 * memory. Every byte is hashed, also those that are not sent. `path` names the source in messages.
 */
export class LayerInPassing {
  readonly #layer: ArrivingLayer;
  readonly #subject: string;
  readonly #compressor: Compressor | undefined;
  readonly #queue: ByteQueue;
  readonly #hash = createHash('sha256');
  readonly #encoded: AsyncIterator<Buffer>;
  #entryDigest: Digest | undefined;
  #unpackedDigest: Digest | undefined;
  #content: Content | undefined;
  /** Encoded bytes that were given out. */
  #given = 0;
  #wasAskedBack = false;

  /** `compressor` is for plain layers; undefined sends them as they are. */
  constructor(layer: ArrivingLayer, queue: ByteQueue, path: string, compressor: Compressor | undefined) {
    this.#layer = layer;
    this.#subject = `${path}: layer ${layer.name}`;
    this.#queue = queue;
    this.#compressor = layer.packing === 'none' ? compressor : undefined;
    this.#encoded = this.#encode()[Symbol.asyncIterator]();
  }

  /** Names what compresses it on the way. */
  get encoding(): string | undefined {
    return this.#compressor?.id;
  }

  /** Of the bytes of the entry; to be asked for when all have gone by. */
  get entryDigest(): Digest {
    if (this.#entryDigest === undefined) {
      throw new TypeError('the layer has not gone by yet');
    }
    return this.#entryDigest;
  }

  /** Undefined when nobody has unpacked the layer to tell. */
  get diffId(): Digest | undefined {
    return this.#layer.packing === 'none' ? this.entryDigest : this.#unpackedDigest;
  }

  /** Whether bytes were asked for that had gone by. */
  get wasAskedBack(): boolean {
    return this.#wasAskedBack;
  }

  /** `expected`: what the layer is known to come to; undefined when nobody knows. */
  plan(expected: Content | undefined): PlannedBlob {
    const { name, named, size } = this.#layer;
    return {
      id: named ?? nameId(name),
      role: 'layer',
      ...(this.encoding !== undefined && { encoding: this.encoding }),
      content: this.encoding === undefined ? expected : undefined,
      expected,
      sourceBytes: size,
      present: true,
      arriving: true,
      open: (start) => this.#open(start),
      record: async () => {},
    };
  }

  /** Reads what nobody wants to its end. */
  async drain(): Promise<void> {
    if (this.#given === 0 && this.#compressor === undefined) {
      while (!(await this.#encoded.next()).done) {}
      return;
    }
    while ((await this.#nextOfEntry()) !== undefined) {}
  }

  async close(): Promise<void> {
    await this.#encoded.return?.();
  }

  #open(start: number): BlobReading {
    if (start < this.#given) {
      this.#wasAskedBack = true;
      throw explainGone(this.#subject);
    }
    return {
      bytes: this.#readFrom(start),
      finish: () => {
        if (this.#content === undefined) {
          throw new TypeError('the layer has not been read to its end');
        }
        return this.#content;
      },
      cancel: () => this.#queue.cancel(),
    };
  }

  /** Whoever stops reading does not end what is read from. */
  async *#readFrom(start: number): AsyncGenerator<Buffer> {
    for (;;) {
      const next = await this.#encoded.next();
      if (next.done) {
        return;
      }
      const skipped = Math.max(0, start - this.#given);
      this.#given += next.value.length;
      if (skipped < next.value.length) {
        yield next.value.subarray(skipped);
      }
    }
  }

  async *#encode(): AsyncGenerator<Buffer> {
    const { packing, place } = this.#layer;
    const bytes = this.#readEntry();
    if (this.#compressor !== undefined) {
      let size = 0;
      const counted = countBytes(this.#compressor.compress(bytes), (count) => {
        size += count;
      });
      yield* hashBytes(counted, (digest) => {
        this.#content = { digest, size };
      });
      return;
    }
    // An OCI layout says nothing of what its layers unpack to, so nobody compares it there.
    if (packing === 'gzip' && place === 'docker-archive') {
      yield* verifyGzip(bytes, this.#subject, (digest) => {
        this.#unpackedDigest = digest;
      });
    } else {
      yield* packing === 'none' ? bytes : checkLayerEnd(bytes, packing, 0, this.#subject);
    }
    this.#content = { digest: this.entryDigest, size: this.#layer.size };
  }

  async *#readEntry(): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = await this.#nextOfEntry();
      if (chunk === undefined) {
        return;
      }
      yield chunk;
    }
  }

  async #nextOfEntry(): Promise<Buffer | undefined> {
    const chunk = await this.#queue.next();
    if (chunk !== undefined) {
      this.#hash.update(chunk);
      return chunk;
    }
    if (this.#entryDigest === undefined) {
      this.#entryDigest = `sha256:${this.#hash.digest('hex')}`;
      this.#checkName(this.#entryDigest);
    }
    return undefined;
  }

  #checkName(found: Digest): void {
    const { named } = this.#layer;
    if (named !== undefined && named !== found) {
      throw new EcrpError(
        'INVALID_INPUT',
        `${this.#subject} is named by its digest, but its bytes have another, ${found}`,
        { hint: 'The archive is damaged or was changed; save the image again.' },
      );
    }
  }
}

/** For progress and messages alone: the folder's name where docker makes one that looks like a digest. */
function nameId(name: string): Digest {
  const hex = /^([a-f0-9]{64})\//.exec(name)?.[1];
  return hex === undefined ? digestOf(name) : `sha256:${hex}`;
}

/** The error for what would have to be read again. */
function explainGone(subject: string): EcrpError {
  return new EcrpError('UNAVAILABLE', `${subject}: the service lost bytes of it that have gone by`, {
    hint: 'Run the command again, or write the archive into a file and push that.',
  });
}
