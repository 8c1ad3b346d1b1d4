import type { Readable } from 'node:stream';

/** A body is longer than anything that answers so may send. */
export class BodyTooLong extends Error {
  override readonly name = 'BodyTooLong';
  /** The bound, for people: `4 MiB`. */
  readonly limit: string;

  constructor(maxBytes: number) {
    const limit = formatBytes(maxBytes);
    super(`the answer is longer than ${limit}`);
    this.limit = limit;
  }
}

export interface ReadBodyOptions {
  readonly maxBytes: number;
  /** Called whenever bytes come. */
  readonly onBytes?: (() => void) | undefined;
}

/** Reads a whole body. Throws `BodyTooLong`, and ends the connection, as soon as it is longer than `maxBytes`. */
export async function readBody(body: Readable, { maxBytes, onBytes }: ReadBodyOptions): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop destroys the stream, and an HTTP answer's connection with it.
  for await (const chunk of body) {
    onBytes?.();
    // A stream of HTTP yields Buffers; its types do not say so.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > maxBytes) throw new BodyTooLong(maxBytes);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}

function formatBytes(bytes: number): string {
  const mib = bytes / (1024 * 1024);
  return mib >= 1 ? `${mib} MiB` : `${bytes / 1024} KiB`;
}
