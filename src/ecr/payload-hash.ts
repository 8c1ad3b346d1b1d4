import { createHash, createHmac, webcrypto } from 'node:crypto';

/** Below this many bytes a hash is done sooner than it is handed to another thread. */
const OFF_THREAD_BYTES = 256 * 1024;

type Source = string | ArrayBuffer | ArrayBufferView;

/**
 * SHA-256 as the SDK's `sha256` setting asks for it; with a secret it is the HMAC that derives signing keys.
 * The payload of a layer part is 14 MB: `subtle` hashes it on another thread, the main one goes on encoding and sending.
 */
export class PayloadHash {
  readonly #secret: Uint8Array | undefined;
  #chunks: Uint8Array[] = [];

  constructor(secret?: Source) {
    this.#secret = secret === undefined ? undefined : bytesOf(secret);
  }

  update(data: Source): void {
    this.#chunks.push(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    const [first] = this.#chunks;
    if (
      this.#secret === undefined &&
      this.#chunks.length === 1 &&
      first &&
      first.length >= OFF_THREAD_BYTES
    ) {
      return digestOffThread(first);
    }
    const hash = this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret);
    for (const chunk of this.#chunks) {
      hash.update(chunk);
    }
    return hash.digest();
  }

  reset(): void {
    this.#chunks = [];
  }
}

let previous: Promise<unknown> = Promise.resolve();

/** One at a time: `subtle` copies what it is given, and is many times as fast as any network. */
function digestOffThread(bytes: Uint8Array): Promise<Uint8Array> {
  const digest = previous.then(async () => new Uint8Array(await webcrypto.subtle.digest('SHA-256', bytes)));
  previous = digest.catch(() => undefined);
  return digest;
}

function bytesOf(data: Source): Uint8Array {
  if (typeof data === 'string') {
    return Buffer.from(data);
  }
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
