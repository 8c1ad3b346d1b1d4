import type { Io } from '../../io.ts';
import { drawLive } from './live-lines.ts';
import type { ProgressDisplay, ProgressSubject } from './progress-display.ts';
import { ProgressState } from './progress-state.ts';
import { renderLive } from './render-live.ts';

/** The display that moves, on a terminal. Lines that others print meanwhile appear above it. It goes when `signal` is aborted. */
export function createLiveProgress(
  io: Pick<Io, 'stderr' | 'signal'>,
  given: ProgressSubject,
  color: boolean,
): ProgressDisplay {
  let subject = given;
  const state = new ProgressState(performance.now());
  const { stop, pause } = drawLive(io, color, (screen, chalk) => {
    const nowMs = performance.now();
    return renderLive(state.snapshot(nowMs, given.findWait?.()), subject, screen, chalk);
  });
  return {
    startImage({ name, position, images }) {
      subject = { ...given, name: `${name} (${position} of ${images})` };
      state.startImage(performance.now());
    },
    show(event) {
      state.apply(event, performance.now());
    },
    showCall(event) {
      state.applyCall(event, performance.now());
    },
    stop,
    pause,
  };
}
