import { formatBytes, formatDuration } from '../format.ts';
import type { ProgressSnapshot } from './progress-state.ts';

/** How much is done and how fast, the most important first. */
export function describeAmounts(snapshot: ProgressSnapshot): readonly string[] {
  const { sentBytes, resumedBytes, totalBytes, isTotalExact, bytesPerSecond, retries } = snapshot;
  const parts: string[] = [];
  if (isTotalExact && totalBytes > 0) parts.push(`${formatBytes(sentBytes)} of ${formatBytes(totalBytes)}`);
  // What is being compressed may come out as anything up to what it is.
  if (!isTotalExact) parts.push(`${formatBytes(sentBytes)} sent`, `${formatBytes(totalBytes)} at most`);
  if (bytesPerSecond > 0) {
    parts.push(`${formatBytes(Math.round(bytesPerSecond))}/s`);
    const msLeft = ((totalBytes - sentBytes) * 1000) / bytesPerSecond;
    if (isTotalExact && msLeft >= 1000) parts.push(`${formatDuration(msLeft)} left`);
  }
  if (resumedBytes > 0) parts.push(`resumed ${formatBytes(resumedBytes)}`);
  if (retries > 0) parts.push(retries === 1 ? '1 retry' : `${retries} retries`);
  return parts;
}
