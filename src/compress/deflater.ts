import { readFile } from 'node:fs/promises';
import { findBuiltFile } from './built-file.ts';

/** Most bytes that one call takes. */
export const MAX_CHUNK_BYTES = 512 * 1024;
/** How far a chunk may refer back (RFC 1951). */
export const WINDOW_BYTES = 32 * 1024;

/**
 * Deflates one chunk, raw (RFC 1951); `window` is what stands before it, at most WINDOW_BYTES. The output is whole bytes, to which
 * that of the next chunk is added; `last` ends the stream. The same input gives the same output everywhere.
 */
export type Deflate = (window: Uint8Array, chunk: Uint8Array, last: boolean) => Uint8Array<ArrayBuffer>;

/** Compiled code; it can be posted to other threads. */
export type DeflateModule = Readonly<Record<never, never>>;

/** What is used of WebAssembly, which TypeScript has among the types of browsers only. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<DeflateModule>;
  instantiate(module: DeflateModule): Promise<{ readonly exports: unknown }>;
};

/** What deflate/deflate.ts exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly inputAt: { readonly value: number };
  readonly outputAt: { readonly value: number };
  deflate(window: number, size: number, isLast: number): number;
}

/** Compiles what the build has made of deflate/. */
export async function loadDeflateModule(): Promise<DeflateModule> {
  return WebAssembly.compile(await readFile(findBuiltFile('deflate.wasm')));
}

/** Makes an instance, which takes 2 MiB. */
export async function createDeflate(module: DeflateModule): Promise<Deflate> {
  const { exports } = await WebAssembly.instantiate(module);
  // A cast, as nothing else tells what a module exports.
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
