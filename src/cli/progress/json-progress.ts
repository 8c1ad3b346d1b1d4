import type { Messages } from '../messages.ts';
import type { ProgressDisplay } from './progress-display.ts';

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
