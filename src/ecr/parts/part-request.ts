import { Readable } from 'node:stream';
import { onAbort } from '../../async/abort.ts';
import type { SharedOperations } from '../operations.ts';
import type { PartBody, PartMembers } from './part-encoder.ts';

/** Bytes held back. Without them the service has no request; they fit into one packet. */
const HELD_BYTES = 1024;
/** Bytes handed to the connection at a time. TLS keeps an encrypted copy of them until they are sent. */
const SLICE_BYTES = 1024 * 1024;

type PartReceipt = Awaited<ReturnType<SharedOperations['uploadLayerPart']>>;

/** One request that carries a part. It goes out at once except for its last bytes, which `finish` releases. */
export class PartRequest {
  readonly #members: PartMembers;
  readonly #abort = new AbortController();
  readonly #body: HeldBody;
  readonly #answer: Promise<PartReceipt>;
  #onHandedOver: () => void = () => undefined;
  #hasFailed = false;

  constructor(operations: SharedOperations, members: PartMembers, body: PartBody) {
    this.#members = members;
    this.#body = new HeldBody(body.bytes, () => this.#onHandedOver());
    // The body exists already: the SDK's serialiser takes many times as long for 10 MiB. It gets an empty part.
    this.#answer = operations.uploadLayerPart(
      { ...members, layerPartBlob: new Uint8Array() },
      { abortSignal: this.#abort.signal },
      (request) => {
        request.body = this.#body;
        request.headers['content-length'] = String(body.bytes.length);
        request.headers['x-amz-content-sha256'] = body.sha256;
      },
    );
    this.#answer.catch(() => {
      this.#hasFailed = true;
      // A refused request may still be sending, and its memory is about to be reused.
      this.#abort.abort();
    });
  }

  /** Whether it can become the part of this upload at this place. Not after a failure: that says nothing about the part now. */
  isGoodFor(uploadId: string, start: number): boolean {
    return !this.#hasFailed && this.#members.uploadId === uploadId && this.#members.partFirstByte === start;
  }

  /** Sends the last bytes and waits for the answer. */
  finish(signal: AbortSignal, onHandedOver: () => void): Promise<PartReceipt> {
    const dispose = onAbort(signal, () => this.#abort.abort(signal.reason));
    this.#onHandedOver = onHandedOver;
    this.#body.release();
    return this.#answer.finally(dispose);
  }

  /** Cancels the request; afterwards the memory of the part is free. */
  drop(): void {
    this.#abort.abort();
  }
}

/** The body of a request. Its last bytes leave only when it is released. */
class HeldBody extends Readable {
  /** In the order they are sent. */
  readonly #pieces: Buffer[];
  readonly #onHandedOver: () => void;
  #isReleased = false;
  #isWanted = false;

  /** `onHandedOver`: the connection has taken all bytes, though it may still have to send the last of them. */
  constructor(bytes: Buffer, onHandedOver: () => void) {
    // Reads nothing that cannot be written at once.
    super({ highWaterMark: 0 });
    this.#pieces = [...slice(bytes.subarray(0, -HELD_BYTES)), bytes.subarray(-HELD_BYTES)];
    this.#onHandedOver = onHandedOver;
  }

  /** Idempotent. */
  release(): void {
    this.#isReleased = true;
    if (this.#isWanted) this._read();
  }

  override _read(): void {
    this.#isWanted = this.#pieces.length === 1 && !this.#isReleased;
    if (this.#isWanted) return;
    const piece = this.#pieces.shift();
    this.push(piece ?? null);
    if (piece === undefined) this.#onHandedOver();
  }
}

function* slice(bytes: Buffer): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}
