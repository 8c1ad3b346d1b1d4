import { escapeLine } from '../../foreign-text.ts';
import type { CommandContext } from '../command-context.ts';
import { chooseDisplay } from './display-kind.ts';
import type { ProgressDisplay, ProgressSubject } from './progress-display.ts';

/** The display that the options, the environment and the terminal call for. */
export async function openProgress(
  context: CommandContext,
  { name, dryRun }: ProgressSubject,
): Promise<ProgressDisplay> {
  const { io, options, waiting } = context;
  const kind = chooseDisplay(io, options);
  if (kind === 'none') return { startImage() {}, show() {}, showCall() {}, stop() {} };
  if (kind === 'json') {
    const { createJsonProgress } = await import('./json-progress.ts');
    return createJsonProgress(context.messages);
  }
  const subject = {
    name: escapeLine(name),
    dryRun,
    findWait: () => waiting.find(),
  };
  const display = await createDisplay(kind, context, subject);
  const returnWaits = waiting.leave(display.pause);
  return {
    ...display,
    stop() {
      display.stop();
      returnWaits();
    },
  };
}

async function createDisplay(
  kind: 'live' | 'plain',
  { io, messages, style }: CommandContext,
  subject: ProgressSubject,
): Promise<ProgressDisplay> {
  if (kind === 'live') {
    const { createLiveProgress } = await import('./live-progress.ts');
    return createLiveProgress(io, subject, style.color);
  }
  const { createPlainProgress } = await import('./plain-progress.ts');
  return createPlainProgress(messages, subject);
}
