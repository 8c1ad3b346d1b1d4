import { isTimeoutError } from '../../async/abort.ts';
import { EcrpError } from '../../errors.ts';
import { isTlsFailure, ProxyError } from '../../net/connection-error.ts';
import { describeUploadAnswer, type UploadAnswer } from './upload-answer.ts';
import type { UploadChannel } from './upload-channel.ts';

/** For the shared back-off: requests of all uploads meet the same limits. */
const OPERATION = 'upload';
/** A blob that takes longer to send than the budget is sent this many times. */
const MIN_SENDINGS = 3;

/** The attempts to send one blob or manifest, within the budget that all uploads share. */
export class UploadRetries {
  readonly #channel: UploadChannel;
  readonly #subject: string;
  #attempt = 1;
  #startedMs: number;
  /** When the first attempt without progress failed. */
  #sinceMs: number | undefined;

  /** `subject`: what is sent, for messages. */
  constructor(channel: UploadChannel, subject: string) {
    this.#channel = channel;
    this.#subject = subject;
    this.#startedMs = channel.settings.budget.clock.nowMs();
  }

  /** Waits before an attempt, because others have failed. */
  async begin(signal: AbortSignal): Promise<void> {
    const { backoff, settings } = this.#channel;
    const { clock } = settings.budget;
    await clock.wait(backoff.hold(OPERATION, this.#attempt, clock.nowMs()), signal);
    this.#startedMs = clock.nowMs();
  }

  /** Notes that more was sent than ever before, or that the registry has all of it. */
  noteProgress(): void {
    this.#channel.settings.budget.noteProgress();
    this.#channel.backoff.succeed(OPERATION);
    this.#attempt = 1;
    this.#sinceMs = undefined;
  }

  /**
   * Waits after a failure: no answer, or one that may be another later. Throws UNAVAILABLE when the budget is spent. `hasSent`: bytes were
   * sent, which takes time on a slow link.
   */
  async wait(failure: UploadAnswer | Error, hasSent: boolean, signal: AbortSignal): Promise<void> {
    const { backoff, settings } = this.#channel;
    const { budget, onEvent, registryHost } = settings;
    const nowMs = budget.clock.nowMs();
    this.#sinceMs ??= nowMs;
    const attempt = this.#attempt;
    const isNetwork = failure instanceof Error;
    const retryAfterMs = isNetwork ? undefined : failure.retryAfterMs;
    const delayMs = backoff.fail(
      { operation: OPERATION, isNetwork, attempt, startedMs: this.#startedMs, retryAfterMs },
      nowMs,
    );
    const isSlowLink = hasSent && attempt < MIN_SENDINGS && (retryAfterMs ?? 0) <= budget.allowedMs;
    const isSpent = !budget.allowsAttempt(this.#sinceMs, delayMs) && !isSlowLink;
    if (isSpent || isFinal(failure, attempt)) throw this.explain(failure);
    this.#attempt += 1;
    const operation = `${isNetwork ? 'upload to' : failure.method} ${registryHost}`;
    onEvent({
      kind: 'retry',
      operation,
      attempt,
      delayMs: Math.round(delayMs),
      reason: describeFailed(failure),
    });
    await budget.clock.wait(delayMs, signal);
  }

  /** Reports that a request is sent again at once. */
  noteRepeat(answer: UploadAnswer): void {
    const { onEvent, registryHost } = this.#channel.settings;
    const operation = `${answer.method} ${registryHost}`;
    onEvent({
      kind: 'retry',
      operation,
      attempt: this.#attempt,
      delayMs: 0,
      reason: describeUploadAnswer(answer),
    });
  }

  /** Explains why the upload is given up. */
  explain(failure: UploadAnswer | Error): EcrpError {
    const { registryHost } = this.#channel.settings;
    const problem = `${this.#subject} cannot be sent: ${describeFailed(failure)}`;
    return new EcrpError('UNAVAILABLE', `${registryHost}: ${problem}`, {
      hint:
        failure instanceof ProxyError
          ? failure.hint
          : 'Run the command again; what is stored already is not sent again.',
      cause: failure,
    });
  }
}

/** True for an error of the network, rather than of the source or of this program. */
export function isOfNetwork(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof EcrpError) return false;
  return (
    error instanceof ProxyError ||
    isTimeoutError(error) ||
    ('code' in error && typeof error.code === 'string')
  );
}

/** A certificate that is not trusted stays so. */
function isFinal(failure: UploadAnswer | Error, attempt: number): boolean {
  if (failure instanceof ProxyError) return failure.isFinal;
  return attempt > 1 && isTlsFailure(failure);
}

function describeFailed(failure: UploadAnswer | Error): string {
  return failure instanceof Error ? failure.message || failure.name : describeUploadAnswer(failure);
}
