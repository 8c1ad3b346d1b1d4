import type { Io } from '../io.ts';
import type { GlobalOptions } from './global-options.ts';
import { createMessages, type Messages } from './messages.ts';
import type { Outcome } from './outcome.ts';
import { printOutcome } from './output.ts';
import type { OutputStyle } from './output-style.ts';

/** What a command is given beside its own arguments. */
export interface CommandContext {
  readonly io: Io;
  readonly options: GlobalOptions;
  readonly style: OutputStyle;
  readonly messages: Messages;
  /** Prints a result before the command has ended; only for one that goes on running. */
  publish(outcome: Outcome): Promise<void>;
}

export function createContext(io: Io, style: OutputStyle, options: GlobalOptions): CommandContext {
  const { quiet = false, verbose = false } = options;
  return {
    io,
    options,
    style,
    messages: createMessages(io, style, { quiet, verbose }),
    async publish(outcome) {
      await printOutcome(io, style, outcome);
    },
  };
}
