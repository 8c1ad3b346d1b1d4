import type { Digest } from '../oci/digest.ts';

/** A deterministic compressor: equal input bytes give equal output bytes, however the input is chunked. */
export interface Compressor {
  /** Identifies everything that the output depends on, e.g. `gzip-6-v1`. Part of cache keys. */
  readonly id: string;
  readonly compression: 'gzip' | 'zstd';
  /**
   * Compresses a stream in bounded memory. A chunk is valid until the next one is requested, because its memory is reused. The caller stops
   * early by ending the iteration.
   */
  compress(input: AsyncIterable<Buffer>): AsyncIterable<Buffer>;
}

/** A compressed layer. `size` is in bytes. */
export interface CompressedLayer {
  readonly digest: Digest;
  readonly size: number;
}

/** Remembers what each diff ID compresses to. Losing or damaging it costs only time. */
export interface DigestCache {
  find(diffId: Digest, compressorId: string): Promise<CompressedLayer | undefined>;
  record(diffId: Digest, compressorId: string, layer: CompressedLayer): Promise<void>;
}
