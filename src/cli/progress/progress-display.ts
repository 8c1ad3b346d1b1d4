import type { PushEvent } from '../../engine/events.ts';
import type { VerifyEvent } from '../../registry/verify-events.ts';
import type { CallOutcome } from './call-troubles.ts';
import type { ShownWait } from './wait-list.ts';

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
