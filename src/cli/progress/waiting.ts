import type { Io } from '../../io.ts';
import type { GlobalOptions } from '../options.ts';
import type { Messages } from '../output.ts';
import { type CallOutcome, describeWait, type ShownWait, WaitList } from './waits.ts';

/** Kind of display on standard error. */
export type DisplayKind = 'live' | 'plain' | 'json' | 'none';

/** Chooses a display by options, environment and terminal. */
export function chooseDisplay(
  { stderr, env }: Pick<Io, 'stderr' | 'env'>,
  { progress, quiet = false }: Pick<GlobalOptions, 'progress' | 'quiet'>,
): DisplayKind {
  if (quiet) return 'none';
  if (progress !== 'auto') return progress;
  // Pseudo-terminals of `script` and of CI systems may report zero columns: nothing can be drawn there.
  const isLive = stderr.isTTY === true && stderr.columns !== 0 && env.TERM !== 'dumb' && !env.CI;
  return isLive ? 'live' : 'plain';
}

/** Shorter waits are not shown. */
const SHOWN_AFTER_MS = 2_000;
/** A log repeats the line of a wait after this time. */
const REPEATED_AFTER_MS = 10_000;
/** A display stays this long after a wait, so that it does not flicker between waits. */
const KEPT_MS = 500;

/** Shows on standard error what a command has been waiting for, after two seconds. */
export interface Waiting {
  /** Starts a wait for `what`: a noun phrase, such as `the credential process of the profile build`. Returns a function that ends it. */
  start(what: string, isCall?: boolean): () => void;
  /** Waits for `what` while `run` runs. */
  during<Result>(what: string, run: () => Promise<Result>, isCall?: boolean): Promise<Result>;
  /** Notes the end or the retry of a call. */
  noteCall(outcome: CallOutcome): void;
  find(): ShownWait | undefined;
  /**
   * Hands waits over to another display, until the returned function is called. `pause` pauses that display until the function that it
   * returns is called.
   */
  handOver(pause?: () => () => void): () => void;
  /** Pauses every display for a question to a person, until the returned function is called. */
  pauseForQuestion(): () => void;
  /** Clears the display. Call it before printing lines that stay. */
  clear(): void;
}

export interface WaitingPlace {
  readonly io: Pick<Io, 'stderr' | 'signal'>;
  readonly messages: Messages;
  readonly color: boolean;
  readonly display: DisplayKind;
}

export function createWaiting({ io, messages, color, display }: WaitingPlace): Waiting {
  const waits = new WaitList();
  let timer: NodeJS.Timeout | undefined;
  let lastShownMs: number | undefined;
  let isHandedOver = false;
  let questions = 0;
  let pauseOther: (() => () => void) | undefined;
  let stopLive: (() => void) | undefined;
  /** Changes when a display that is still loading must not appear any more. */
  let turn = 0;

  const find = () => waits.find(performance.now());

  const clear = (): void => {
    clearTimeout(timer);
    timer = undefined;
    lastShownMs = undefined;
    turn += 1;
    stopLive?.();
    stopLive = undefined;
  };

  const tell = async (wait: ShownWait): Promise<void> => {
    if (display === 'json') {
      const { what, waitedMs, trouble } = wait;
      messages.event('waiting', { what, waitedMs: Math.round(waitedMs), reason: trouble?.reason });
    } else if (display === 'plain') messages.note(describeWait(wait));
    else if (stopLive === undefined) {
      const asked = turn;
      const { drawWait } = await import('./live-lines.ts');
      if (asked === turn) stopLive = drawWait(io, color, wait, find);
    }
  };

  const check = (): void => {
    const nowMs = performance.now();
    const wait = waits.find(nowMs);
    if (wait === undefined) return;
    lastShownMs = nowMs;
    void tell(wait);
    schedule();
  };

  const schedule = (): void => {
    clearTimeout(timer);
    const sinceMs = waits.silentSinceMs;
    if (isHandedOver || questions > 0 || display === 'none') return;
    const dueMs =
      lastShownMs === undefined ? (sinceMs ?? 0) + SHOWN_AFTER_MS : lastShownMs + REPEATED_AFTER_MS;
    timer =
      sinceMs === undefined
        ? setTimeout(clear, KEPT_MS)
        : setTimeout(check, Math.max(0, dueMs - performance.now()));
    timer.unref();
  };

  const start: Waiting['start'] = (what, isCall = false) => {
    const end = waits.add(what, isCall, performance.now());
    schedule();
    return () => {
      end(performance.now());
      schedule();
    };
  };

  return {
    start,
    async during(what, run, isCall) {
      const end = start(what, isCall);
      try {
        return await run();
      } finally {
        end();
      }
    },
    noteCall: (outcome) => waits.noteCall(outcome, performance.now()),
    find,
    handOver(pause) {
      clear();
      isHandedOver = true;
      pauseOther = pause;
      return () => {
        isHandedOver = false;
        pauseOther = undefined;
        schedule();
      };
    },
    pauseForQuestion() {
      clear();
      questions += 1;
      const resumeOther = pauseOther?.();
      return () => {
        questions -= 1;
        resumeOther?.();
        schedule();
      };
    },
    clear,
  };
}
