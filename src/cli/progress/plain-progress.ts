import type { PushEvent } from '../../push/events.ts';
import { formatBytes, formatCount } from '../format.ts';
import type { Messages } from '../messages.ts';
import { describeAmounts } from './describe-amounts.ts';
import type { ProgressDisplay, ProgressSubject } from './progress-display.ts';
import { labelBlob, ProgressState } from './progress-state.ts';

const INTERVAL_MS = 10_000;

/** Lines for a log: one per finished blob, and one for the whole every ten seconds. */
export function createPlainProgress(messages: Messages, { name, dryRun }: ProgressSubject): ProgressDisplay {
  const state = new ProgressState();
  const timer = setInterval(() => {
    const snapshot = state.snapshot(performance.now());
    if (snapshot.phase === 'upload') messages.note(`${name}: ${describeAmounts(snapshot).join(', ')}`);
  }, INTERVAL_MS);
  timer.unref();
  return {
    show(event) {
      state.apply(event, performance.now());
      const line = describeEvent(event, dryRun);
      if (line !== undefined) messages.note(`${name}: ${line}`);
    },
    countRetry() {
      state.countRetry();
    },
    stop() {
      clearInterval(timer);
    },
  };
}

function describeEvent(event: PushEvent, dryRun: boolean): string | undefined {
  if (event.kind === 'phase' && event.phase === 'upload' && event.blobs) {
    return `${formatCount(event.blobs, 'blob')} to upload`;
  }
  if (event.kind === 'blob-resumed') {
    return `layer ${labelBlob(event.id, 'layer')} goes on, resumed ${formatBytes(event.resumedBytes)}`;
  }
  if (event.kind !== 'blob-finished') return undefined;
  const what = event.role === 'config' ? 'config' : `layer ${labelBlob(event.id, event.role)}`;
  if (event.outcome === 'existing') return `${what} is there already`;
  return `${what} ${dryRun ? 'to be uploaded' : 'uploaded'}, ${formatBytes(event.bytes)}`;
}
