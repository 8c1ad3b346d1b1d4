import type { PushEvent } from '../../engine/events.ts';
import { escapeLine } from '../../foreign-text.ts';
import type { VerifyEvent } from '../../registry/verify-events.ts';
import type { CommandContext } from '../command-context.ts';
import type { Messages } from '../output.ts';
import { chooseDisplay } from './waiting.ts';
import type { CallOutcome, ShownWait } from './waits.ts';

export type ProgressEvent = PushEvent | VerifyEvent;

/** Shows how a push goes on, on standard error. */
export interface ProgressDisplay {
  /** With several images: the one that all further events are about. */
  startImage(image: ImageSubject): void;
  show(event: ProgressEvent): void;
  showCall(event: CallOutcome): void;
  /** Takes away what is not to stay; to be called before anything else is printed at the end. Idempotent. */
  stop(): void;
  /** Takes away what moves until the returned function is called: a person is being asked something. */
  pause?(): () => void;
}

export interface ImageSubject {
  /** `repository:tag` */
  readonly name: string;
  /** From 1. */
  readonly position: number;
  readonly images: number;
}

export interface ProgressSubject {
  /** What is being pushed; nothing in it that a terminal would obey. */
  readonly name: string;
  /** Nothing is sent, so nothing may be said to be. */
  readonly dryRun: boolean;
  /** What the command waits for at the moment. */
  readonly findWait?: (() => ShownWait | undefined) | undefined;
}

/** The display that the options, the environment and the terminal call for. */
export async function openProgress(
  context: CommandContext,
  { name, dryRun }: ProgressSubject,
): Promise<ProgressDisplay> {
  const { io, options, waiting } = context;
  const kind = chooseDisplay(io, options);
  if (kind === 'none') return { startImage() {}, show() {}, showCall() {}, stop() {} };
  if (kind === 'json') {
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
    const { createLiveProgress } = await import('./live.ts');
    return createLiveProgress(io, subject, style.color);
  }
  const { createPlainProgress } = await import('./plain.ts');
  return createPlainProgress(messages, subject);
}

/** Every event as one line of JSON; README.md says which there are. Retries are printed where the API client is made. */
export function createJsonProgress(messages: Messages): ProgressDisplay {
  return {
    startImage(image) {
      messages.event('image', image);
    },
    show({ kind, ...members }) {
      messages.event(kind, members);
    },
    showCall() {},
    stop() {},
  };
}
