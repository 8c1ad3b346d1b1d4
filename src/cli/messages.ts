import { cutText, escapeLine, formatJson, hideLogins } from '../foreign-text.ts';
import type { Io } from '../io.ts';
import { printText } from './output.ts';
import type { OutputStyle } from './output-style.ts';

/** The lines of standard error that are neither progress nor the final error. */
export interface Messages {
  /** Something the user should know although all goes on. */
  warn(message: string): void;
  /** What was done, for a person; nothing a script would need. */
  note(message: string): void;
  /** Only with `--verbose`. `members` are the same thing for `--progress json`. */
  detail(message: string, members?: object): void;
  /** Only with `--progress json`. */
  event(event: string, members: object): void;
}

export function createMessages(
  io: Io,
  style: OutputStyle,
  options: { readonly quiet: boolean; readonly verbose: boolean },
): Messages {
  const print = (event: string, text: string, members: object) => {
    const line = style.jsonLines ? formatJson({ event, ...members }) : escapeLine(cutText(hideLogins(text)));
    // Not awaited: the stream keeps the order, and whoever prints last awaits its own line. When standard error
    // cannot be written there is no place to say so.
    printText(io.stderr, `${line}\n`).catch(() => undefined);
  };
  return {
    warn(message) {
      if (!options.quiet) print('warning', `warning: ${message}`, { message: hideLogins(message) });
    },
    note(message) {
      if (!options.quiet) print('note', message, { message: hideLogins(message) });
    },
    detail(message, members = { message }) {
      if (options.verbose) print('detail', message, members);
    },
    event(event, members) {
      if (style.jsonLines && !options.quiet) print(event, '', members);
    },
  };
}
