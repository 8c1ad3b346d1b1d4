import { EcrpError } from '../errors.ts';
import { discardBody, type HttpAnswer } from '../net/send-request.ts';
import type { Content } from '../oci/descriptor.ts';
import { LEAST_BYTES, openBody, UnexpectedStatus } from './read-answer.ts';
import {
  chooseReadDelay,
  describeReadFailure,
  explainReadFailure,
  type RetryOptions,
} from './retry-reading.ts';
import { watchReading } from './watch-reading.ts';

const SILENT_MS = 60_000;

/** Asks for a blob from a byte on, or for the whole blob without `offset`. */
export type AskForContent = (offset: number | undefined, signal: AbortSignal) => Promise<HttpAnswer>;

/**
 * Yields the bytes of a blob from `start` to the end. It continues where an answer broke off, within the budget of the options; where a
 * server ignores ranges, it reads the blob again from the beginning. Throws NOT_FOUND for a missing blob, UNAVAILABLE when fewer or more
 * bytes come than `content` says, and as `retryReading` does. Only a reader of all bytes can check the digest, so nothing does here.
 */
export async function* readContent(
  what: string,
  { size }: Content,
  start: number,
  ask: AskForContent,
  options: RetryOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const { budget, signal, onRetry, words, waitsMs, silentMs = SILENT_MS } = options;
  let next = start;
  let canContinue = true;
  let startedMs = budget.clock.nowMs();
  let mismatches = 0;
  for (let attempt = 1; next < size; attempt += 1) {
    const before = next;
    let heldMs = 0;
    try {
      const mostMs = Math.max(1, Math.min(silentMs, budget.findRestMs(startedMs)));
      const offset = next > 0 && canContinue ? next : undefined;
      const watch = watchReading(signal, mostMs, LEAST_BYTES, () => budget.noteProgress());
      let answer: HttpAnswer | undefined;
      try {
        answer = await ask(offset, watch.signal);
        let skipped = answer.status === 206 ? 0 : next;
        for await (const chunk of await openContent(what, answer, next, size)) {
          watch.note(chunk.length);
          const kept = skipped === 0 ? chunk : chunk.subarray(Math.min(skipped, chunk.length));
          skipped -= chunk.length - kept.length;
          if (kept.length === 0) continue;
          next += kept.length;
          if (next > size) throw refuse(what, `is longer than the ${size} bytes that the manifest says`);
          watch.hold();
          const heldSinceMs = budget.clock.nowMs();
          yield kept;
          heldMs += budget.clock.nowMs() - heldSinceMs;
          watch.resume();
        }
      } catch (error) {
        throw watch.explain(error);
      } finally {
        watch.end();
        // A decoder that ends early leaves what it decodes.
        if (next !== size) answer?.body.destroy();
      }
      if (next === before)
        throw refuse(what, `ends after ${next} of the ${size} bytes that the manifest says`);
      if (next < size) throw new Error(`it broke off after ${next} of ${size} bytes`);
      budget.noteProgress();
    } catch (cause) {
      signal.throwIfAborted();
      // A connection that breaks after the last byte.
      if (next === size) return;
      if (cause instanceof UnusableRange) canContinue = false;
      if (cause instanceof UnexpectedStatus || cause instanceof EcrpError) budget.noteAnswer();
      // The budget is for waits: it does not count the time of the consumer, nor that before the last progress.
      startedMs += heldMs;
      if (next >= before + LEAST_BYTES) {
        attempt = 1;
        startedMs = budget.clock.nowMs();
      }
      const delayMs =
        cause instanceof EcrpError ? waitsMs[mismatches] : chooseReadDelay(cause, attempt, budget, startedMs);
      if (cause instanceof EcrpError) mismatches += 1;
      if (delayMs === undefined) throw explainReadFailure(what, cause, words);
      onRetry?.({ subject: what, attempt, delayMs, reason: describeReadFailure(cause) });
      await budget.clock.wait(delayMs, signal);
    }
  }
}

/** The answer to a request for a range cannot be used. */
class UnusableRange extends Error {
  override readonly name = 'UnusableRange';
}

/** Opens the decoded body of an answer for byte `next` of the blob. Throws for a length that is wrong. */
async function openContent(
  what: string,
  answer: HttpAnswer,
  next: number,
  size: number,
): Promise<AsyncIterable<Buffer>> {
  const problem = findProblem(what, answer, next, size);
  if (problem === undefined) return openBody(answer, [200, 206]);
  await discardBody(answer);
  throw problem;
}

function findProblem(
  what: string,
  { status, headers }: HttpAnswer,
  next: number,
  size: number,
): Error | undefined {
  const isEncoded = (headers['content-encoding'] ?? 'identity').trim().toLowerCase() !== 'identity';
  if (status === 206) {
    const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? [];
    // The range of an encoded answer counts encoded bytes.
    if (isEncoded || Number(first) !== next)
      return new UnusableRange('it returned another range than asked for');
    return total === '*' || Number(total) === size ? undefined : refuseLength(what, total, size);
  }
  if (status === 416) return refuse(what, `ends after ${next} of the ${size} bytes that the manifest says`);
  if (status === 404) return explainMissingBlob(what);
  const length = headers['content-length'];
  const isWrong = status === 200 && !isEncoded && length !== undefined && Number(length) !== size;
  return isWrong ? refuseLength(what, length, size) : undefined;
}

const DAMAGED = 'The registry holds a damaged image: push the image there again, or tell its owner.';

/** The error for a blob that a registry lacks. `what` names it. */
export function explainMissingBlob(what: string): EcrpError {
  return new EcrpError('NOT_FOUND', `${what} is not there, although a manifest names it`, { hint: DAMAGED });
}

function refuseLength(what: string, length: string | undefined, size: number): EcrpError {
  return refuse(what, `has ${length} bytes, not the ${size} that the manifest says`);
}

function refuse(what: string, problem: string): EcrpError {
  return new EcrpError('UNAVAILABLE', `${what} ${problem}`, { hint: DAMAGED });
}
