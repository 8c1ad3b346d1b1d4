import { onAbort } from '../../async/abort.ts';
import type { OutgoingBlob } from '../../ends/blob.ts';
import { explainMismatch } from '../../ends/explain-mismatch.ts';
import type { BlobRestartedEvent, BlobUpload, UploadedBlob } from '../../ends/image-target.ts';
import type { Content } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { BlobBytes } from './blob-bytes.ts';
import { describeUploadAnswer, type Judged, type UploadAnswer } from './upload-answer.ts';
import type { UploadChannel } from './upload-channel.ts';
import { UploadProgress } from './upload-progress.ts';
import { isOfNetwork, UploadRetries } from './upload-retries.ts';
import { UploadSession } from './upload-session.ts';

/** How often in a row, without progress, the registry may lose an upload or refuse its token. */
const MOST_LOSSES = 2;

/** The registry works in a way that is not known, or denies access. */
export interface Departure {
  /** Follows the name of the registry. */
  readonly reason: string;
  /** The same blob, to be sent in another way. */
  readonly blob: OutgoingBlob;
}

export interface RawUploadNeeds {
  readonly channel: UploadChannel;
  /** Whether the repository has the blob, as the API says. */
  readonly isStored: (digest: Digest, signal: AbortSignal) => Promise<boolean>;
  readonly maxBlobBytes: number;
}

type Result = UploadedBlob | Departure;
/** No answer came. */
interface Failed {
  readonly kind: 'failed';
  readonly error: Error;
}
/** A failure after which the same upload may continue. */
type Setback = Failed | Judged<'transient' | 'token'>;

/** The upload of one blob: repeats what fails, resumes where the registry says the upload is, else begins anew. */
export class RawUpload {
  readonly #blob: OutgoingBlob;
  readonly #upload: BlobUpload;
  readonly #needs: RawUploadNeeds;
  readonly #bytes: BlobBytes;
  readonly #progress: UploadProgress;
  readonly #retries: UploadRetries;
  readonly #session: UploadSession;
  #isResumed = false;
  /** False once going on where the registry said has failed. */
  #mayResume = true;
  #isRefused = false;
  #losses = 0;

  constructor(blob: OutgoingBlob, upload: BlobUpload, needs: RawUploadNeeds) {
    const { channel, maxBlobBytes } = needs;
    const bytes = new BlobBytes(blob);
    const progress = new UploadProgress(blob, () => bytes.estimateSize(), upload.onEvent);
    const retries = new UploadRetries(channel, `the ${blob.role} ${blob.id}`);
    const onNewGround = (): void => {
      this.#losses = 0;
      retries.noteProgress();
    };
    this.#blob = blob;
    this.#upload = upload;
    this.#needs = needs;
    this.#bytes = bytes;
    this.#progress = progress;
    this.#retries = retries;
    this.#session = new UploadSession({ channel, blob, bytes, progress, maxBlobBytes, onNewGround });
  }

  /** Uploads the blob. Throws what the source throws, UNAVAILABLE when the budget is spent, AUTH when no token is taken. */
  async run(signal: AbortSignal): Promise<Result> {
    let result: Result | undefined;
    const dispose = onAbort(signal, () => this.#bytes.cancel());
    try {
      while (result === undefined) result = await this.#step(signal);
      return result;
    } finally {
      dispose();
      // An arriving blob that is handed over is still to be read.
      const isHandedOver = result !== undefined && 'reason' in result && this.#blob.kind === 'arriving';
      if (!isHandedOver) {
        this.#bytes.cancel();
        await this.#bytes.close();
      }
    }
  }

  /** Makes one attempt, and prepares the next one. */
  async #step(signal: AbortSignal): Promise<Result | undefined> {
    await this.#retries.begin(signal);
    const outcome = await this.#attempt(() => this.#session.send(signal), signal);
    switch (outcome.kind) {
      case 'stored':
        return this.#finish(outcome.content, 'uploaded');
      case 'elsewhere':
        return this.#depart('does not say where the upload is, or says another host');
      case 'departure':
        return this.#departAfter(outcome.answer);
      case 'bytes':
        return this.#followRefusal(outcome.answer, signal);
      case 'vanished':
        return this.#followLoss(outcome.answer, signal);
      default:
        await this.#recover(outcome, signal);
        // Perhaps only the answer got lost.
        return (this.#hasSentAll && (await this.#findStored('uploaded', signal))) || this.#goOn(signal);
    }
  }

  /** Asks the registry how far the upload is, and begins a new one if it does not say. */
  async #goOn(signal: AbortSignal): Promise<Result | undefined> {
    while (this.#session.hasBegun && this.#mayResume) {
      const located = await this.#attempt(() => this.#session.locate(signal), signal);
      if (located.kind === 'vanished') return this.#followLoss(located.answer, signal);
      if (located.kind === 'at') {
        this.#isResumed = true;
        this.#progress.restart('resync', located.position);
        return undefined;
      }
      if (located.kind === 'unknown') break;
      await this.#recover(located, signal);
    }
    if (this.#session.hasBegun) this.#beginAnew('resync');
    return undefined;
  }

  /** The registry does not know the upload. ECR ends all uploads of a blob when one of them is completed. */
  async #followLoss(answer: UploadAnswer, signal: AbortSignal): Promise<Result | undefined> {
    const stored = await this.#findStored(this.#hasSentAll ? 'uploaded' : 'existing', signal);
    if (stored !== undefined) return stored;
    if (this.#losses >= MOST_LOSSES) return this.#departAfter(answer);
    this.#losses += 1;
    this.#beginAnew('vanished');
    return undefined;
  }

  /** The registry does not take the bytes. Throws INVALID_INPUT when the source is damaged. */
  async #followRefusal(answer: UploadAnswer, signal: AbortSignal): Promise<Result | undefined> {
    if (this.#isResumed && this.#mayResume) this.#mayResume = false;
    else if (this.#isRefused) return this.#depart(`refuses its bytes with ${describeUploadAnswer(answer)}`);
    else {
      this.#isRefused = true;
      const { content } = this.#bytes;
      if (content !== undefined && answer.status !== 416 && this.#blob.kind !== 'arriving') {
        const error = await explainMismatch(this.#blob, content, {}, signal);
        if (error.code === 'INVALID_INPUT') throw error;
      }
    }
    this.#beginAnew('refused');
    return undefined;
  }

  async #attempt<Answer>(request: () => Promise<Answer>, signal: AbortSignal): Promise<Answer | Failed> {
    try {
      return await request();
    } catch (error) {
      signal.throwIfAborted();
      if (this.#bytes.failure !== undefined || !isOfNetwork(error)) throw error;
      return { kind: 'failed', error };
    }
  }

  /** Waits after a failure, or drops a token that is not taken any more. */
  async #recover(setback: Setback, signal: AbortSignal): Promise<void> {
    if (setback.kind !== 'token') {
      const failure = setback.kind === 'failed' ? setback.error : setback.answer;
      return this.#retries.wait(failure, this.#progress.hasSent, signal);
    }
    const { token } = this.#needs.channel;
    const { answer } = setback;
    const reason = describeUploadAnswer(answer);
    token.refuse(answer.authorization, reason);
    if (this.#losses >= MOST_LOSSES) throw token.explainRefusal(reason);
    this.#losses += 1;
    this.#retries.noteRepeat(answer);
  }

  /** Looks whether the repository has the blob after all. */
  async #findStored(
    outcome: UploadedBlob['outcome'],
    signal: AbortSignal,
  ): Promise<UploadedBlob | undefined> {
    const { content } = this.#bytes;
    const isStored = content !== undefined && (await this.#needs.isStored(content.digest, signal));
    return isStored ? this.#finish(content, outcome) : undefined;
  }

  /** Whether the last attempt has sent the blob to its end. */
  get #hasSentAll(): boolean {
    return this.#progress.sentEnd === this.#bytes.content?.size;
  }

  #beginAnew(reason: BlobRestartedEvent['reason']): void {
    this.#session.forget();
    this.#isResumed = false;
    this.#progress.restart(reason, 0);
  }

  #finish(content: Content, outcome: UploadedBlob['outcome']): UploadedBlob {
    this.#upload.saved.discard();
    this.#retries.noteProgress();
    if (outcome === 'uploaded') this.#progress.end(content.size);
    return { outcome, content, resumedBytes: 0 };
  }

  #departAfter(answer: UploadAnswer): Departure {
    return this.#depart(`answers ${answer.method} with ${describeUploadAnswer(answer)}`);
  }

  #depart(reason: string): Departure {
    return { reason, blob: this.#bytes.handOver() };
  }
}
