import type { EcrpError } from '../errors.ts';
import type { Io } from '../io.ts';
import type { GlobalOptions } from './options.ts';
import {
  createMessages,
  type Messages,
  type Outcome,
  type OutputStyle,
  printItemError,
  printOutcome,
} from './output.ts';
import { printList, type StreamedList } from './print-list.ts';
import { chooseDisplay, createWaiting, type Waiting } from './progress/waiting.ts';

/** Everything that a command gets beside its own arguments. */
export interface CommandContext {
  readonly io: Io;
  readonly options: GlobalOptions;
  readonly style: OutputStyle;
  readonly messages: Messages;
  /** Shows long waits. */
  readonly waiting: Waiting;
  /** Prints a result while the command keeps running. */
  publish(outcome: Outcome): Promise<void>;
  /** Prints a JSON document with a long list while that is read. */
  publishList(list: StreamedList): Promise<Outcome>;
  /** Prints the error of one of several things, where the command continues with the others. */
  reportError(error: EcrpError, subject: string): Promise<void>;
}

/** Runs the command that a command line names, and takes its outcome. */
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
    async publishList(list) {
      waiting.clear();
      return printList(io, style, list);
    },
    reportError: (error, subject) => printItemError(io, style, error, subject),
  };
}
