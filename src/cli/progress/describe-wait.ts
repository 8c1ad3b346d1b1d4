import { escapeLine } from '../../foreign-text.ts';
import { formatDuration } from '../format.ts';
import type { Trouble } from './call-troubles.ts';
import type { ShownWait } from './wait-list.ts';

/** One line for a log. */
export function describeWait(wait: ShownWait): string {
  const { what, waitedMs, trouble } = wait;
  const line = `Waiting for ${what}, ${formatElapsed(waitedMs)}`;
  return trouble === undefined ? line : `${line}: ${describeTroubleOf(trouble)}`;
}

/** What becomes of a call that has failed. */
export function describeTrouble(trouble: Trouble): string {
  return `retrying${describeTime(trouble)}: ${trouble.operation}, ${describeReason(trouble)}`;
}

/** The same after the name of the call. */
export function describeTroubleOf(trouble: Trouble): string {
  return `retrying${describeTime(trouble)}, as it failed: ${describeReason(trouble)}`;
}

function describeTime({ waitMs }: Trouble): string {
  return waitMs > 0 ? ` in ${formatSeconds(waitMs)}` : '';
}

function describeReason({ reason }: Trouble): string {
  return escapeLine(reason.replaceAll(/\s+/g, ' '));
}

/** Whole seconds that have passed. */
export function formatElapsed(ms: number): string {
  return formatSeconds(Math.floor(ms / 1000) * 1000);
}

/** Whole seconds, those that have begun included: what is left of a wait. */
export function formatSeconds(ms: number): string {
  return ms < 59_000 ? `${Math.ceil(ms / 1000)} s` : formatDuration(ms);
}
