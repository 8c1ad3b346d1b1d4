import { escapeLine } from '../../foreign-text.ts';
import { formatBytes, formatCount } from '../format.ts';
import type { Total } from './blob-tally.ts';
import type { ProgressSubject } from './display.ts';
import type { Phase, ProgressSnapshot } from './state.ts';
import { describeTrouble, formatSeconds } from './waits.ts';

/** Shorter waits are not shown. */
const QUIET_MS = 2_000;
/** Parts take a while, so a rate stays meaningful for this long without progress. */
const STALLED_MS = 5_000;

/** Calls that transfer bytes. Other calls come before the first byte, for example while a pipe is read. */
const BYTES_MOVING = /\((UploadLayerPart|CompleteLayerUpload|upload)\)$/;

/** Fewer bytes say nothing about the rate. */
const LEAST_MOVED_BYTES = 64 * 1024;

const titles: Readonly<Record<Phase, string>> = {
  read: 'Reading',
  check: 'Checking',
  upload: 'Uploading',
  put: 'Publishing',
  verify: 'Verifying',
};

/** Title of the phase. A dry run uploads nothing, so it never says that it does. */
export function describePhase(
  { phase }: ProgressSnapshot,
  { dryRun, words }: Pick<ProgressSubject, 'dryRun' | 'words'>,
): string {
  return dryRun && phase === 'upload' ? 'Reading' : (words?.titles[phase] ?? titles[phase]);
}

/** Amounts, rate, time left and counts, the most important first. */
export function describeAmounts(snapshot: ProgressSnapshot): readonly string[] {
  const { phase, phaseMs, doneBytes, total, bytesPerSecond, retries, resumedBytes, doneItems, items } =
    snapshot;
  const parts: string[] = [];
  const movesBytes = phase === 'upload' || phase === 'verify';
  if (movesBytes) {
    if (total.bytes > 0) parts.push(formatShare(doneBytes, total));
    // While nothing moves, the rate and the time left would mislead.
    const hasMoved = doneBytes - resumedBytes >= LEAST_MOVED_BYTES;
    if (bytesPerSecond !== undefined && hasMoved && !isStalled(snapshot)) {
      parts.push(`${formatBytes(Math.round(bytesPerSecond))}/s`);
      const left = describeTimeLeft(total, doneBytes, bytesPerSecond);
      if (left !== undefined) parts.push(left);
    }
  } else if (phase !== 'put' && phaseMs >= QUIET_MS) {
    parts.push(formatSeconds(phaseMs));
  }
  if (retries > 0) parts.push(retries === 1 ? '1 retry' : `${retries} retries`);
  if (phase === 'upload' && resumedBytes > 0) parts.push(`resumed ${formatBytes(resumedBytes)}`);
  if (items > 1 && (movesBytes || phase === 'put')) {
    parts.push(`${doneItems} of ${formatCount(items, movesBytes ? 'blob' : 'manifest')}`);
  }
  return parts;
}

function isStalled({ trouble, quietMs, bytesPerSecond }: ProgressSnapshot): boolean {
  return trouble !== undefined || quietMs >= STALLED_MS || bytesPerSecond === 0;
}

/** The reason why nothing moves; undefined while something does. */
export function describeStall(
  { phase, trouble, quietMs, wait }: ProgressSnapshot,
  dryRun: boolean,
): string | undefined {
  // A wait inside a call explains more than the call.
  if (wait?.isCall === false && wait.waitedMs >= QUIET_MS) {
    return `waiting for ${escapeLine(wait.what)}, ${formatSeconds(wait.waitedMs)}`;
  }
  if (trouble !== undefined) return describeTrouble(trouble);
  if (quietMs < QUIET_MS) return undefined;
  const seconds = formatSeconds(quietMs);
  const movesBytes = wait === undefined || BYTES_MOVING.test(wait.what);
  if (phase === 'verify' && movesBytes) return `nothing read for ${seconds}`;
  if (phase === 'upload' && !dryRun && movesBytes) {
    // Without a call, the next part is not complete: a pipe or a disk is slow, or the compression is.
    return wait === undefined
      ? `reading the source, ${seconds}`
      : `waiting for an acknowledgement, ${seconds}`;
  }
  // Reading the source may take long without any call.
  if (wait === undefined)
    return phase === 'check' || phase === 'put' ? `no answer for ${seconds}` : undefined;
  // Calls of a push overlap, so no single call has waited as long as all of them together.
  return `waiting for ${escapeLine(wait.what)}, ${formatSeconds(Math.min(quietMs, wait.waitedMs))}`;
}

/** `3.2 of 9.0 MB`, with `~` before an estimate. */
function formatShare(bytes: number, { bytes: totalBytes, kind }: Total): string {
  const total = formatBytes(totalBytes);
  const done = formatBytes(bytes);
  if (kind === 'arriving') return `${done} sent`;
  if (kind === 'most') return `${done} of at most ${total}`;
  const unit = total.slice(total.indexOf(' '));
  const short = done.endsWith(unit) ? done.slice(0, -unit.length) : done;
  return `${short} of ${kind === 'about' ? '~' : ''}${total}`;
}

function describeTimeLeft(
  { bytes, kind }: Total,
  doneBytes: number,
  bytesPerSecond: number,
): string | undefined {
  const ms = ((bytes - doneBytes) * 1000) / bytesPerSecond;
  if (kind === 'most' || kind === 'arriving' || !(ms >= 1000 && ms < 100 * 3_600_000)) return undefined;
  // Longer times are rounded, because they are less certain.
  const stepMs = ms < 60_000 ? 1000 : ms < 600_000 ? 5000 : 60_000;
  return `${kind === 'about' ? '~' : ''}${formatSeconds(Math.round(ms / stepMs) * stepMs)} left`;
}
