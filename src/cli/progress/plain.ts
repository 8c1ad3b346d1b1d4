import type { BlobRestartedEvent } from '../../ends/image-target.ts';
import { formatBytes, formatCount } from '../format.ts';
import type { Messages } from '../output.ts';
import { labelBlob } from './blob-tally.ts';
import { describeAmounts, describePhase, describeStall } from './describe.ts';
import type { ProgressDisplay, ProgressEvent, ProgressSubject } from './display.ts';
import { ProgressState } from './state.ts';

const INTERVAL_MS = 10_000;
/** The first line of a phase comes after this time, if nothing else was printed. */
const FIRST_MS = 2_000;

/** Makes a display of lines for a log: one per finished blob, one for the whole every ten seconds, and one early in a silent phase. */
export function createPlainProgress(messages: Messages, subject: ProgressSubject): ProgressDisplay {
  const { dryRun, findWait } = subject;
  let { name } = subject;
  const state = new ProgressState(performance.now());
  let hasSaid = false;
  const say = (line: string): void => {
    hasSaid = true;
    messages.note(`${name}: ${line}`);
  };
  const sayAll = (): void => {
    const snapshot = state.snapshot(performance.now(), findWait?.());
    const parts = [...describeAmounts(snapshot), describeStall(snapshot, dryRun)].filter(Boolean);
    say([describePhase(snapshot, subject).toLowerCase(), ...parts].join(', '));
  };
  const timer = setInterval(sayAll, INTERVAL_MS).unref();
  let first: NodeJS.Timeout | undefined;
  const awaitFirst = (): void => {
    hasSaid = false;
    clearTimeout(first);
    first = setTimeout(() => {
      if (!hasSaid) sayAll();
    }, FIRST_MS).unref();
  };
  awaitFirst();
  return {
    startImage(image) {
      name = image.name;
      state.startImage(performance.now());
      awaitFirst();
      say(`image ${image.position} of ${image.images}`);
    },
    show(event) {
      state.apply(event, performance.now());
      if (event.kind === 'phase') awaitFirst();
      const line = describeEvent(event, subject);
      if (line !== undefined) say(line);
    },
    showCall(event) {
      state.applyCall(event, performance.now());
    },
    stop() {
      clearInterval(timer);
      clearTimeout(first);
    },
  };
}

const restarts: Readonly<Record<BlobRestartedEvent['reason'], string>> = {
  resync: 'the service has no byte of it',
  vanished: 'the service has lost the upload',
  refused: 'the service rejected the bytes of an earlier push',
};

function describeEvent(
  event: ProgressEvent,
  { dryRun, words }: Pick<ProgressSubject, 'dryRun' | 'words'>,
): string | undefined {
  switch (event.kind) {
    case 'phase':
      if (event.phase !== 'upload' || !event.blobs) return undefined;
      return `${formatCount(event.blobs, 'blob')} ${words?.toDo ?? 'to upload'}, ${formatBytes(event.sourceBytes ?? 0)} in the source`;
    case 'blob-resumed':
      return `layer ${labelBlob(event.id, 'layer')} resumes at ${formatBytes(event.resumedBytes)}`;
    case 'blob-restarted':
      if (event.nextByte !== 0) return undefined;
      return `layer ${labelBlob(event.id, 'layer')} restarts from the first byte: ${words?.refused ?? restarts[event.reason]}`;
    case 'blob-finished': {
      // The digest tells the configs of an index apart.
      const what = `${event.role} ${labelBlob(event.id, 'layer')}`;
      if (event.outcome === 'existing') return `${what} already exists`;
      return `${what} ${dryRun ? 'to be uploaded' : (words?.done ?? 'uploaded')}, ${formatBytes(event.bytes)}`;
    }
    case 'verify-started':
      return `verifying ${formatCount(event.blobs, 'blob')}, ${formatBytes(event.bytes)}`;
    default:
      return undefined;
  }
}
