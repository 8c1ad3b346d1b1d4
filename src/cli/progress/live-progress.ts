import { Chalk } from 'chalk';
import ora from 'ora';
import type { Output } from '../../io.ts';
import type { ProgressDisplay, ProgressSubject } from './progress-display.ts';
import { ProgressState } from './progress-state.ts';
import { renderLive } from './render-live.ts';

const REFRESH_MS = 200;

/** The display that moves, on a terminal. Lines that others print meanwhile appear above it. */
export function createLiveProgress(
  stream: Output,
  subject: ProgressSubject,
  color: boolean,
): ProgressDisplay {
  const state = new ProgressState();
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const render = () => renderLive(state.snapshot(performance.now()), subject, stream.columns ?? 80, chalk);
  const spinner = ora({
    stream,
    text: render(),
    color: color ? 'cyan' : false,
    // The choice was made already, and Ctrl-C shall stay a signal.
    isEnabled: true,
    discardStdin: false,
  }).start();
  const timer = setInterval(() => {
    spinner.text = render();
  }, REFRESH_MS);
  timer.unref();
  return {
    show(event) {
      state.apply(event, performance.now());
    },
    countRetry() {
      state.countRetry();
    },
    stop() {
      clearInterval(timer);
      spinner.stop();
    },
  };
}
