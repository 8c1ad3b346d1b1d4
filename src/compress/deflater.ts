/** Most bytes that one call accepts. */
export const MAX_CHUNK_BYTES = 512 * 1024;
/** An output may be longer than its chunk by this much: stored blocks (RFC 1951, 3.2.4) take 5 bytes each. */
export const OUTPUT_ROOM_BYTES = 1024;
/** Longest distance that a chunk may refer back (RFC 1951). */
export const WINDOW_BYTES = 32 * 1024;

/**
 * Deflates one chunk to raw deflate (RFC 1951). The outputs of all chunks, one after the other, are the stream. The same input gives the
 * same output on every machine. The output is valid until the next call.
 * @param window The bytes before the chunk, at most WINDOW_BYTES.
 * @param last Ends the stream.
 */
export type Deflate = (window: Uint8Array, chunk: Uint8Array, last: boolean) => Uint8Array<ArrayBuffer>;

/** Compiled code. It can be posted to other threads. */
export type DeflateModule = Readonly<Record<never, never>>;

/** The part of WebAssembly used here: TypeScript declares it for browsers only. */
declare const WebAssembly: {
  instantiate(module: DeflateModule): Promise<{ readonly exports: unknown }>;
};

/** Exports of deflate/deflate.ts. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly inputAt: { readonly value: number };
  readonly outputAt: { readonly value: number };
  deflate(window: number, size: number, isLast: number): number;
}

/** Makes an instance. It takes 2 MiB of memory. */
export async function createDeflate(module: DeflateModule): Promise<Deflate> {
  const { exports } = await WebAssembly.instantiate(module);
  // A cast: a module does not declare its exports.
  const { memory, inputAt, outputAt, deflate } = exports as Exports;
  const bytes = new Uint8Array(memory.buffer);
  return (window, chunk, last) => {
    if (window.length > WINDOW_BYTES || chunk.length > MAX_CHUNK_BYTES) {
      throw new RangeError(`a window of ${window.length} bytes, a chunk of ${chunk.length}`);
    }
    bytes.set(window, inputAt.value);
    bytes.set(chunk, inputAt.value + window.length);
    const size = deflate(window.length, chunk.length, Number(last));
    return bytes.subarray(outputAt.value, outputAt.value + size);
  };
}

/**
 * Writes the output of a block over the block, from the start of its memory. So a stream makes no garbage, which the collector would free
 * every 64 MB only. Throws RangeError if the memory is too small: OUTPUT_ROOM_BYTES more than the block are enough.
 */
export function writeOver({ buffer }: Uint8Array<ArrayBuffer>, output: Uint8Array): Uint8Array<ArrayBuffer> {
  const memory = new Uint8Array(buffer);
  memory.set(output);
  return memory.subarray(0, output.length);
}
