import type { PushEvent } from '../../engine/events.ts';
import { escapeLine } from '../../foreign-text.ts';
import type { VerifyEvent } from '../../registry/verify-events.ts';
import type { CommandContext } from '../command-context.ts';
import type { Messages } from '../output.ts';
import { chooseDisplay } from './waiting.ts';
import type { CallOutcome, ShownWait } from './waits.ts';

export type ProgressEvent = PushEvent | VerifyEvent;

/** Shows the progress of a push on standard error. */
export interface ProgressDisplay {
  /** Several images: all further events are about this one. */
  startImage(image: ImageSubject): void;
  show(event: ProgressEvent): void;
  showCall(event: CallOutcome): void;
  /** Clears what moves. Call it before printing the result. Idempotent. */
  stop(): void;
  /** Clears what moves for a question to a person, until the returned function is called. */
  pause?(): () => void;
}

export interface ImageSubject {
  /** `repository:tag` */
  readonly name: string;
  /** From 1. */
  readonly position: number;
  readonly images: number;
}

/** What is done to blobs, in the words of a command. */
export interface ProgressWords {
  /** By phase. */
  readonly titles: Readonly<Record<string, string>>;
  /** Of the blobs that are missing: `to fetch`. */
  readonly toDo: string;
  /** Of a finished blob: `fetched`. */
  readonly done: string;
  /** Why the bytes of an earlier run were dropped. */
  readonly refused: string;
}

export interface ProgressSubject {
  /** What is being pushed. Escaped for a terminal. */
  readonly name: string;
  /** Nothing is uploaded, so no text may say that it is. */
  readonly dryRun: boolean;
  /** Absent: those of a push. */
  readonly words?: ProgressWords;
  /** Finds the current wait of the command. */
  readonly findWait?: (() => ShownWait | undefined) | undefined;
}

/** Opens the display that options, environment and terminal ask for. */
export async function openProgress(
  context: CommandContext,
  given: ProgressSubject,
): Promise<ProgressDisplay> {
  const { io, options, waiting } = context;
  const kind = chooseDisplay(io, options);
  if (kind === 'none') return { startImage() {}, show() {}, showCall() {}, stop() {} };
  if (kind === 'json') {
    return createJsonProgress(context.messages);
  }
  const subject = {
    ...given,
    name: escapeLine(given.name),
    findWait: () => waiting.find(),
  };
  const display = await createDisplay(kind, context, subject);
  const returnWaits = waiting.handOver(display.pause);
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

/** Prints each event as one line of JSON; bin/SCRIPTING.md lists them. `withEcr` prints retries. */
function createJsonProgress(messages: Messages): ProgressDisplay {
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
