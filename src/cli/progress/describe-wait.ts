import { escapeLine } from '../../foreign-text.ts';
import { formatDuration } from '../format.ts';
import type { Trouble } from './call-troubles.ts';
import type { ShownWait } from './wait-list.ts';

/** One line for a log. */
export function describeWait(wait: ShownWait): string {
  const { what, waitedMs, trouble } = wait;
  const line = `Waiting for ${what}, ${formatSeconds(waitedMs)}`;
  return trouble === undefined ? line : `${line}: ${describeTrouble(trouble)}`;
}

/** What becomes of a call that has failed. */
export function describeTrouble({ reason, operation, waitMs }: Trouble): string {
  const when = waitMs > 0 ? ` in ${formatSeconds(waitMs)}` : '';
  return `retrying${when}: ${operation}, ${escapeLine(reason.replaceAll(/\s+/g, ' '))}`;
}

/** Whole seconds: what counts up is no measurement. */
export function formatSeconds(ms: number): string {
  return ms < 59_000 ? `${Math.ceil(ms / 1000)} s` : formatDuration(ms);
}
