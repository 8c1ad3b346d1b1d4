import type { PushEvent } from '../../push/events.ts';
import type { CommandContext } from '../command-context.ts';

/** Shows how a push goes on, on standard error. */
export interface ProgressDisplay {
  show(event: PushEvent): void;
  countRetry(): void;
  /** Takes away what is not to stay; to be called before anything else is printed at the end. Idempotent. */
  stop(): void;
}

export interface ProgressSubject {
  /** What is being pushed. */
  readonly name: string;
  /** Nothing is sent, so nothing may be said to be. */
  readonly dryRun: boolean;
}

/** The display that the options, the environment and the terminal call for. */
export async function openProgress(
  context: CommandContext,
  subject: ProgressSubject,
): Promise<ProgressDisplay> {
  const { io, options, style } = context;
  const { progress, quiet = false } = options;
  if (quiet || progress === 'none') return { show() {}, countRetry() {}, stop() {} };
  if (progress === 'json') {
    const { createJsonProgress } = await import('./json-progress.ts');
    return createJsonProgress(context.messages);
  }
  const isLive = io.stderr.isTTY === true && io.env.TERM !== 'dumb' && !io.env.CI;
  if (progress === 'auto' && isLive) {
    const { createLiveProgress } = await import('./live-progress.ts');
    return createLiveProgress(io.stderr, subject, style.color);
  }
  const { createPlainProgress } = await import('./plain-progress.ts');
  return createPlainProgress(context.messages, subject);
}
