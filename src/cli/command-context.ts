import type { EcrpError } from '../errors.ts';
import type { Io } from '../io.ts';
import type { GlobalOptions } from './options.ts';
import type { Outcome, OutputStyle } from './output.ts';
import { createMessages, type Messages, printErrorOf, printOutcome } from './output.ts';
import { chooseDisplay, createWaiting, type Waiting } from './progress/waiting.ts';

/** What a command is given beside its own arguments. */
export interface CommandContext {
  readonly io: Io;
  readonly options: GlobalOptions;
  readonly style: OutputStyle;
  readonly messages: Messages;
  /** Says what the command waits for, when that takes long. */
  readonly waiting: Waiting;
  /** Prints a result before the command has ended; only for one that goes on running. */
  publish(outcome: Outcome): Promise<void>;
  /** Prints the error of one of several things, after which the others go on. */
  reportError(error: EcrpError, subject: string): Promise<void>;
}

/** Runs what a command line asked for; how its outcome is printed is not the command's business. */
export type Runner = (execute: (context: CommandContext) => Promise<Outcome>) => Promise<void>;

export function createContext(io: Io, style: OutputStyle, options: GlobalOptions): CommandContext {
  const { quiet = false, verbose = false } = options;
  const messages = createMessages(io, style, { quiet, verbose });
  const waiting = createWaiting({ io, messages, color: style.color, display: chooseDisplay(io, options) });
  return {
    io,
    options,
    style,
    messages,
    waiting,
    async publish(outcome) {
      waiting.clear();
      await printOutcome(io, style, outcome);
    },
    reportError: (error, subject) => printErrorOf(io, style, error, subject),
  };
}
