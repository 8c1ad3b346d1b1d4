import type { ECRPUBLICClient, UploadLayerPartCommandOutput } from '@aws-sdk/client-ecr-public';
import { HeldBody } from './held-body.ts';
import type { PartBody, PartMembers } from './part-encoder.ts';
import { makePartCommand } from './upload-part.ts';

/** One request that carries a part. It goes out at once, all but its end: the service has nothing of it until `finish`. */
export class PartRequest {
  readonly members: PartMembers;
  readonly #abort = new AbortController();
  readonly #body: HeldBody;
  readonly #answer: Promise<UploadLayerPartCommandOutput>;
  #onHandedOver: () => void = () => undefined;

  constructor(sdk: ECRPUBLICClient, members: PartMembers, body: PartBody) {
    this.members = members;
    this.#body = new HeldBody(body.bytes, () => this.#onHandedOver());
    const command = makePartCommand(members, body, this.#body);
    this.#answer = sdk.send(command, { abortSignal: this.#abort.signal });
    // Whoever finishes it gets the error.
    this.#answer.catch(() => undefined);
  }

  /** Sends the end, and waits for the answer, which may be there already: an error. */
  finish(signal: AbortSignal, onHandedOver: () => void): Promise<UploadLayerPartCommandOutput> {
    const follow = (): void => this.#abort.abort(signal.reason);
    if (signal.aborted) follow();
    else signal.addEventListener('abort', follow, { once: true });
    this.#onHandedOver = onHandedOver;
    this.#body.release();
    return this.#answer;
  }

  /** Ends the request; the memory of the part is free then. */
  drop(): void {
    this.#abort.abort();
  }
}
