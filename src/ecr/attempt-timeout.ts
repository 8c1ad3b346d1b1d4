import { roundSeconds } from '../async/abort.ts';

/**
 * The end of an attempt that took too long. `what` is what did not come: a `connection`, an `answer`, or a `complete answer` where
 * some of it may have come. Its name is the SDK's own for that.
 */
export class AttemptTimeout extends Error {
  override readonly name = 'TimeoutError';
  readonly what: 'connection' | 'answer' | 'complete answer';
  readonly waitedMs: number;

  constructor(what: AttemptTimeout['what'], waitedMs: number) {
    super(`no ${what} within ${roundSeconds(waitedMs)} s`);
    this.what = what;
    this.waitedMs = waitedMs;
  }
}
