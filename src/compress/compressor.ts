import type { Digest } from '../oci/digest.ts';

/** A deterministic compressor: the same input bytes give the same output bytes, whatever the chunking of the input. */
export interface Compressor {
  /** Names everything that the output depends on, e.g. `gzip-6-v1`; part of a cache key. */
  readonly id: string;
  readonly packing: 'gzip' | 'zstd';
  /** Compresses a stream in bounded memory; the caller stops early by ending the iteration. */
  compress(input: AsyncIterable<Buffer>): AsyncIterable<Buffer>;
}

/** What a compressed layer came out as. `size` is in bytes. */
export interface CompressedLayer {
  readonly digest: Digest;
  readonly size: number;
}

/** Remembers what each diff ID compresses to. Losing or damaging it only costs time. */
export interface DigestCache {
  find(diffId: Digest, compressorId: string): Promise<CompressedLayer | undefined>;
  record(diffId: Digest, compressorId: string, layer: CompressedLayer): Promise<void>;
}
