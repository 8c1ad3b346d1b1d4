import { freeConnection } from './let-go.ts';

/** The bytes of an answer as they come. Throws an `Error` that says why unless it is a 200. */
export async function* streamBytes(response: Response): AsyncGenerator<Uint8Array> {
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    throw new Error(`the registry answers ${response.status}`);
  }
  yield* response.body;
}

/** All bytes of an answer. Throws when they are more than `maxBytes`. */
export async function readBytes(response: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of streamBytes(response)) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`it is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  await freeConnection();
  return Buffer.concat(chunks);
}
