import type { ECRPUBLICClient, UploadLayerPartCommandOutput } from '@aws-sdk/client-ecr-public';
import { onAbort } from '../async/abort.ts';
import { HeldBody } from './held-body.ts';
import type { PartBody, PartMembers } from './part-encoder.ts';
import { makePartCommand } from './upload-part.ts';

/** One request that carries a part. It goes out at once, all but its end: the service has nothing of it until `finish`. */
export class PartRequest {
  readonly #members: PartMembers;
  readonly #abort = new AbortController();
  readonly #body: HeldBody;
  readonly #answer: Promise<UploadLayerPartCommandOutput>;
  #onHandedOver: () => void = () => undefined;
  #hasFailed = false;

  constructor(sdk: ECRPUBLICClient, members: PartMembers, body: PartBody) {
    this.#members = members;
    this.#body = new HeldBody(body.bytes, () => this.#onHandedOver());
    const command = makePartCommand(members, body, this.#body);
    this.#answer = sdk.send(command, { abortSignal: this.#abort.signal });
    this.#answer.catch(() => {
      this.#hasFailed = true;
      // One that is refused may still be sending; the memory is for others then.
      this.#abort.abort();
    });
  }

  /**
   * Whether it can be finished as the part of an upload at a place. Not when it has failed: what became of it before its turn
   * tells nothing of what becomes of the part now.
   */
  isGoodFor(uploadId: string, start: number): boolean {
    return !this.#hasFailed && this.#members.uploadId === uploadId && this.#members.partFirstByte === start;
  }

  /** Sends the end, and waits for the answer. */
  finish(signal: AbortSignal, onHandedOver: () => void): Promise<UploadLayerPartCommandOutput> {
    const dispose = onAbort(signal, () => this.#abort.abort(signal.reason));
    this.#onHandedOver = onHandedOver;
    this.#body.release();
    return this.#answer.finally(dispose);
  }

  /** Ends the request; the memory of the part is free then. */
  drop(): void {
    this.#abort.abort();
  }
}
