import { formatSeconds } from '../async/abort.ts';

/**
 * The end of an attempt that took too long. `what` is what did not come: a `connection`, an `answer`, or a `complete answer` where
 * some of it may have come. Its name is the SDK's own for that.
 */
export class AttemptTimeout extends Error {
  override readonly name = 'TimeoutError';
  readonly what: 'connection' | 'answer' | 'complete answer';
  /** Such as `10 s`. */
  readonly waited: string;

  constructor(what: AttemptTimeout['what'], waitedMs: number) {
    const waited = formatSeconds(waitedMs);
    super(`no ${what} within ${waited}`);
    this.what = what;
    this.waited = waited;
  }
}
