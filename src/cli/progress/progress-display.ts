import type { PushEvent } from '../../push/events.ts';

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
