import type { ChalkInstance } from 'chalk';
import type { Io } from '../../io.ts';
import { formatBytes, formatCount } from '../format.ts';
import type { ActiveBlob } from './blob-tally.ts';
import { describeAmounts, describePhase, describeStall } from './describe.ts';
import type { ProgressDisplay, ProgressSubject } from './display.ts';
import { cutEnd, cutStart, flowParts, measureText, wrapWords } from './fit-text.ts';
import { drawLive, type Screen } from './live-lines.ts';
import { type ProgressSnapshot, ProgressState } from './state.ts';

/** Makes the moving display on a terminal. Lines that others print meanwhile appear above. It disappears when `signal` aborts. */
export function createLiveProgress(
  io: Pick<Io, 'stderr' | 'signal'>,
  given: ProgressSubject,
  color: boolean,
): ProgressDisplay {
  let subject = given;
  const state = new ProgressState(performance.now());
  const { stop, pause } = drawLive(io, color, (screen, chalk) => {
    const nowMs = performance.now();
    return renderLive(state.snapshot(nowMs, given.findWait?.()), subject, screen, chalk);
  });
  return {
    startImage({ name, position, images }) {
      subject = { ...given, name: `${name} (${position} of ${images})` };
      state.startImage(performance.now());
    },
    show(event) {
      state.apply(event, performance.now());
    },
    showCall(event) {
      state.applyCall(event, performance.now());
    },
    stop,
    pause,
  };
}

const MAX_BAR = 24;
const MIN_BAR = 6;
/** Most layers shown. The others are counted. */
const MAX_BLOBS = 8;
const LEAST_NAME = 12;
const INDENT = '  ';

/** Text in place of the bar. */
const steps: Readonly<Record<ActiveBlob['step'], string | undefined>> = {
  sending: undefined,
  completing: 'completing',
  again: 'from the start',
};

/**
 * Renders the display: the whole, one line per blob in flight, and the reason for a stall. Each line, including the spinner before
 * the first, is narrower than the screen, and all lines together are lower.
 */
export function renderLive(
  snapshot: ProgressSnapshot,
  subject: ProgressSubject,
  screen: Screen,
  chalk: ChalkInstance,
): string {
  const { dryRun } = subject;
  const columns = Math.max(1, screen.columns - 1);
  const lines = renderWhole(snapshot, subject, columns);
  const stall = describeStall(snapshot, dryRun);
  const stallLines = stall === undefined ? [] : wrapWords(stall, Math.max(1, columns - INDENT.length), 2);
  const room = Math.min(MAX_BLOBS, screen.rows - 2 - lines.length - stallLines.length);
  const shown = snapshot.phase === 'upload' ? snapshot.active.slice(0, Math.max(0, room)) : [];
  for (const blob of shown) lines.push(renderBlob(blob, dryRun, columns, chalk));
  const more = snapshot.phase === 'upload' ? snapshot.active.length - shown.length : 0;
  const hasRoom = lines.length + stallLines.length < screen.rows - 1;
  if (more > 0 && hasRoom)
    lines.push(chalk.dim(cutEnd(`${INDENT}and ${formatCount(more, 'more layer')}`, columns)));
  // It comes and goes, so it is last: other lines do not move.
  lines.push(...stallLines.map((line) => chalk.yellow(`${INDENT}${line}`)));
  return lines.slice(0, Math.max(1, screen.rows - 1)).join('\n');
}

/** One line, or two on a narrow screen. */
function renderWhole(snapshot: ProgressSnapshot, subject: ProgressSubject, columns: number): string[] {
  const width = Math.max(1, columns - INDENT.length);
  const title = describePhase(snapshot, subject);
  const amounts = describeAmounts(snapshot);
  const beside = title.length + 1 + (amounts[0] === undefined ? 0 : amounts[0].length + 2);
  const short = cutStart(subject.name, Math.max(LEAST_NAME, width - beside));
  const [first = '', ...others] = flowParts([`${title} ${short}`, ...amounts], width, 2);
  return [first, ...others.map((line) => `${INDENT}${line}`)];
}

function renderBlob(blob: ActiveBlob, dryRun: boolean, columns: number, chalk: ChalkInstance): string {
  const { label, sentBytes, totalBytes, estimatedBytes, resumedBytes } = blob;
  const name = `${INDENT}${label.padEnd(12)}${INDENT}`;
  const step = steps[blob.step];
  const total = totalBytes ?? estimatedBytes;
  if (total === undefined) {
    // Whether its first part is being filled or is on its way cannot be told apart here.
    const sent = sentBytes > 0 || dryRun ? formatBytes(sentBytes) : 'nothing acknowledged yet';
    const doing = `${name}${step ?? (dryRun ? 'compressing' : 'compressing and sending')}`;
    const whole = `${doing}, ${sent}`;
    return cutEnd(measureText(whole) <= columns ? whole : doing, columns);
  }
  const ratio = total === 0 ? 1 : Math.min(1, sentBytes / total);
  const about = totalBytes === undefined ? '~' : '';
  const share = `${Math.floor(ratio * 100)}%`;
  const amount = `${share.padStart(4)} of ${about}${formatBytes(total)}`;
  const width = Math.min(MAX_BAR, columns - name.length - amount.length);
  // A space separates the step from the amount.
  if (width < Math.max(MIN_BAR, step === undefined ? 0 : step.length + 1)) {
    const fits = name.length + amount.length <= columns;
    return cutEnd(`${name}${step ?? (fits ? amount.trimStart() : share)}`, columns);
  }
  const filled = Math.round(ratio * width);
  const bar =
    step?.padEnd(width) ?? `${chalk.cyan('━'.repeat(filled))}${chalk.dim('─'.repeat(width - filled))}`;
  const resumed = resumedBytes > 0 ? `${INDENT}resumed ${formatBytes(resumedBytes)}` : '';
  const fits = name.length + width + amount.length + resumed.length <= columns;
  return `${name}${bar}${amount}${fits ? resumed : ''}`;
}
