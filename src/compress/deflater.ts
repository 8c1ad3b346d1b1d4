/** Most bytes that one call accepts. */
export const MAX_CHUNK_BYTES = 512 * 1024;
/** Longest distance that a chunk may refer back (RFC 1951). */
export const WINDOW_BYTES = 32 * 1024;

/**
 * Deflates one chunk to raw deflate (RFC 1951). The outputs of all chunks, one after the other, are the stream. The same input gives the
 * same output on every machine.
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
    return bytes.slice(outputAt.value, outputAt.value + size);
  };
}
