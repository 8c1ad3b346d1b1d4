import { createHash } from 'node:crypto';
import type { ByteQueue } from '../../async/byte-queue.ts';
import type { ArrivingBlob, BlobReading } from '../../ends/blob.ts';
import type { Compressor } from '../../ends/compressor.ts';
import type { ArrivingLayer } from '../../ends/layer-intake.ts';
import { EcrpError } from '../../errors.ts';
import type { Content } from '../../oci/descriptor.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import { countBytes, hashBytes } from '../byte-streams.ts';
import { checkLayerEnd, verifyGzip } from '../plan/layer-end.ts';

/**
 * Turns an entry that arrives once into a blob. The blob can be opened again only further on; of its parts, those in flight are in memory.
 * It hashes every byte, also those that are not sent. `path` names the source in messages.
 */
export class LayerReader {
  readonly #layer: ArrivingLayer;
  readonly #subject: string;
  readonly #compressor: Compressor | undefined;
  readonly #queue: ByteQueue;
  readonly #hash = createHash('sha256');
  readonly #encoded: AsyncIterator<Buffer>;
  #entryDigest: Digest | undefined;
  #decompressedDigest: Digest | undefined;
  #content: Content | undefined;
  /** Encoded bytes that were read so far. */
  #readBytes = 0;
  #wasAskedBack = false;

  /** `compressor` is for uncompressed layers; undefined sends them as they are. */
  constructor(layer: ArrivingLayer, queue: ByteQueue, path: string, compressor: Compressor | undefined) {
    this.#layer = layer;
    this.#subject = `${path}: layer ${layer.name}`;
    this.#queue = queue;
    this.#compressor = layer.compression === 'none' ? compressor : undefined;
    this.#encoded = this.#encode()[Symbol.asyncIterator]();
  }

  /** Identifies the compressor on the way; undefined when the layer is sent as it is. */
  get compressorId(): string | undefined {
    return this.#compressor?.id;
  }

  /** Digest of the entry's bytes; callable at its end. */
  get entryDigest(): Digest {
    if (this.#entryDigest === undefined) throw new TypeError('the layer has not been read to its end');
    return this.#entryDigest;
  }

  /** Undefined when nothing decompressed the layer. */
  get diffId(): Digest | undefined {
    return this.#layer.compression === 'none' ? this.entryDigest : this.#decompressedDigest;
  }

  /** Whether the target requested bytes that are gone. */
  get wasAskedBack(): boolean {
    return this.#wasAskedBack;
  }

  /** The layer as a blob. `expected`: its outcome, if known; `record` is given the digest of the entry's bytes. */
  toBlob(
    expected: Content | undefined,
    record: (entryDigest: Digest, content: Content) => Promise<void>,
  ): ArrivingBlob {
    const { name, named, size } = this.#layer;
    return {
      kind: 'arriving',
      id: named ?? nameId(name),
      role: 'layer',
      compressorId: this.compressorId,
      expected,
      isNamed: named !== undefined,
      sourceBytes: size,
      open: (start) => this.#open(start),
      record: async (content) => {
        await this.drain();
        await record(this.entryDigest, content);
      },
    };
  }

  /** Reads what is left of the entry. */
  async drain(): Promise<void> {
    if (this.#readBytes === 0 && this.#compressor === undefined) {
      while (!(await this.#encoded.next()).done) {}
      return;
    }
    while ((await this.#nextOfEntry()) !== undefined) {}
  }

  async close(): Promise<void> {
    await this.#encoded.return?.();
  }

  #open(start: number): BlobReading {
    if (start < this.#readBytes) {
      this.#wasAskedBack = true;
      throw explainGone(this.#subject);
    }
    return {
      bytes: this.#readFrom(start),
      finish: () => {
        if (this.#content === undefined) throw new TypeError('the layer has not been read to its end');
        return this.#content;
      },
      cancel: () => this.#queue.cancel(),
    };
  }

  /** A reader that stops early leaves the rest for the next one. */
  async *#readFrom(start: number): AsyncGenerator<Buffer> {
    for (;;) {
      const next = await this.#encoded.next();
      if (next.done) return;
      const skipped = Math.max(0, start - this.#readBytes);
      this.#readBytes += next.value.length;
      if (skipped < next.value.length) yield next.value.subarray(skipped);
    }
  }

  async *#encode(): AsyncGenerator<Buffer> {
    const { compression, place } = this.#layer;
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
    // An OCI layout states no diff ID before its end, so there is nothing to compare.
    if (compression === 'gzip' && place === 'docker-archive') {
      yield* verifyGzip(bytes, this.#subject, (digest) => {
        this.#decompressedDigest = digest;
      });
    } else {
      yield* compression === 'none' ? bytes : checkLayerEnd(bytes, compression, 0, this.#subject);
    }
    this.#content = { digest: this.entryDigest, size: this.#layer.size };
  }

  async *#readEntry(): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = await this.#nextOfEntry();
      if (chunk === undefined) return;
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
    if (named === undefined || named === found) return;
    throw new EcrpError(
      'INVALID_INPUT',
      `${this.#subject} is named by its digest, but its bytes have another, ${found}`,
      { hint: 'The archive is damaged or was changed; save the image again.' },
    );
  }
}

/** For progress and messages only: the folder's name where docker makes one that looks like a digest. */
function nameId(name: string): Digest {
  const hex = /^([a-f0-9]{64})\//.exec(name)?.[1];
  return hex === undefined ? digestOf(name) : `sha256:${hex}`;
}

function explainGone(subject: string): EcrpError {
  return new EcrpError('UNAVAILABLE', `${subject}: the service lost bytes that cannot be read again`, {
    hint: 'Run the command again, or write the archive into a file and push that.',
  });
}
