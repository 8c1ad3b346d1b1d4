import type { CommandContext } from '../command-context.ts';
import { makePrintable } from '../output.ts';
import type { ProgressDisplay, ProgressSubject } from './progress-display.ts';

/** The display that the options, the environment and the terminal call for. */
export async function openProgress(
  context: CommandContext,
  { name, dryRun }: ProgressSubject,
): Promise<ProgressDisplay> {
  const { io, options, style } = context;
  const { progress, quiet = false } = options;
  if (quiet || progress === 'none') {
    return { startImage() {}, show() {}, showCall() {}, stop() {} };
  }
  const subject = { name: makePrintable(name.replaceAll(/\s+/g, ' ')), dryRun };
  if (progress === 'json') {
    const { createJsonProgress } = await import('./json-progress.ts');
    return createJsonProgress(context.messages);
  }
  // Some pseudo-terminals, as of `script` and of CI, say that they have no columns: nothing can be drawn there.
  const isLive = io.stderr.isTTY === true && io.stderr.columns !== 0 && io.env.TERM !== 'dumb' && !io.env.CI;
  if (progress === 'auto' && isLive) {
    const { createLiveProgress } = await import('./live-progress.ts');
    return createLiveProgress(io, subject, style.color);
  }
  const { createPlainProgress } = await import('./plain-progress.ts');
  return createPlainProgress(context.messages, subject);
}
