import type { Messages } from '../messages.ts';
import type { ProgressDisplay } from './progress-display.ts';

/** Every event as one line of JSON. Retries come from the API client's own events. */
export function createJsonProgress(messages: Messages): ProgressDisplay {
  return {
    show({ kind, ...members }) {
      messages.event(kind, members);
    },
    countRetry() {},
    stop() {},
  };
}
