import type { ChalkInstance } from 'chalk';
import { formatBytes, formatCount } from '../format.ts';
import { describeAmounts } from './describe-amounts.ts';
import type { ProgressSubject } from './progress-display.ts';
import type { ActiveBlob, ProgressSnapshot } from './progress-state.ts';

const MAX_BAR = 24;
const MIN_BAR = 8;
/** Most layers shown; with more in flight the rest is counted. */
const MAX_LINES = 8;
const INDENT = '  ';

const titles: Readonly<Record<ProgressSnapshot['phase'], string>> = {
  read: 'Reading',
  check: 'Checking',
  upload: 'Uploading',
  put: 'Publishing',
};

/** The text of the live display: a line for the whole and one per blob in flight, none wider than `columns`. */
export function renderLive(
  snapshot: ProgressSnapshot,
  { name, dryRun }: ProgressSubject,
  columns: number,
  chalk: ChalkInstance,
): string {
  const { active, phase } = snapshot;
  const lines = active.slice(0, MAX_LINES).map((blob) => renderBlob(blob, columns, chalk));
  const more = active.length - lines.length;
  if (more > 0) lines.push(chalk.dim(cut(`${INDENT}and ${formatCount(more, 'more layer')}`, columns)));
  // The spinner and a space stand before the first line.
  const total = joinFitting(
    [`${dryRun ? 'Reading' : titles[phase]} ${name}`, ...describeAmounts(snapshot)],
    columns - 2,
  );
  return [total, ...lines].join('\n');
}

function renderBlob(
  { label, sentBytes, totalBytes }: ActiveBlob,
  columns: number,
  chalk: ChalkInstance,
): string {
  const name = `${INDENT}${label.padEnd(12)}`;
  if (totalBytes === undefined) {
    return cut(`${name}  ${formatBytes(sentBytes).padStart(9)}, compressing`, columns);
  }
  const ratio = totalBytes === 0 ? 1 : Math.min(1, sentBytes / totalBytes);
  const share = `${Math.floor(ratio * 100)}%`.padStart(4);
  const amount = `${share} of ${formatBytes(totalBytes).padStart(8)}`;
  const bar = Math.min(MAX_BAR, columns - name.length - 2 - amount.length);
  if (bar < MIN_BAR) return cut(`${name}${amount}`, columns);
  const filled = Math.round(ratio * bar);
  return `${name}  ${chalk.cyan('━'.repeat(filled))}${chalk.dim('─'.repeat(bar - filled))}${amount}`;
}

/** Joins parts from the left as long as they fit. */
function joinFitting(parts: readonly string[], columns: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}  ${part}`;
    if (longer.length > columns) break;
    line = longer;
  }
  return line === '' ? cut(parts[0] ?? '', columns) : line;
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
