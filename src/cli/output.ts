import { EcrpError, exitStatusOf } from '../errors.ts';
import { describeFileError, lacksRoom } from '../files/file-errors.ts';
import { cutText, escapeLine, escapeLines, formatJson, hideLogins } from '../foreign-text.ts';
import type { Io, Output } from '../io.ts';
import { toEcrpError } from './explain-thrown.ts';

/** What a JSON document is made of; `undefined` members are left out of it. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly JsonValue[]
  | { readonly [member: string]: JsonValue };

export type ResultMembers = { readonly [member: string]: JsonValue };

/** What a command gives back; `output.ts` prints one of the two forms. */
export interface Outcome {
  /** The members of the JSON document, `schemaVersion` excepted. Absent: nothing is printed with `--json`. */
  readonly result?: ResultMembers | undefined;
  /** The plain text: one line, or several. A line that holds a line end is printed with an escape for it. Absent or empty: nothing is printed. */
  readonly view?: string | readonly string[] | undefined;
  /** Runs after the result is printed. An error of it goes to standard error as text, with `--json` too. */
  readonly afterwards?: (() => Promise<void>) | undefined;
  /** Only where it is not 0: the emulator ends with the status of the command it ran. */
  readonly exitStatus?: number | undefined;
}

/** How results and errors are to be printed, as far as the command line said it. */
export interface OutputStyle {
  readonly json: boolean;
  readonly verbose: boolean;
  /** Every line of standard error is a JSON document of its own: `--progress json`. */
  readonly jsonLines: boolean;
  readonly color: boolean;
}

/**
 * How to print, told from the bare arguments: it is needed for a command line that cannot be parsed as well.
 * What follows `--` belongs to another program.
 */
export function findOutputStyle(argv: readonly string[], io: Io): OutputStyle {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  const mode = own[own.indexOf('--progress') + 1];
  return {
    json: own.includes('--json'),
    verbose: own.includes('-v') || own.includes('--verbose'),
    jsonLines: own.includes('--progress=json') || (own.includes('--progress') && mode === 'json'),
    color: allowsColor(io.stderr, io.env, !own.includes('--no-color')),
  };
}

/** Source of the rules: https://no-color.org, and terminals that call themselves dumb. */
function allowsColor(stream: Output, env: Io['env'], asked: boolean): boolean {
  return asked && stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}

/** Most characters of an exception's name or a request's id. */
const MOST_NAME = 200;

/** Prints what a command gave back and returns the exit status. */
export async function printOutcome(io: Io, style: OutputStyle, outcome: Outcome): Promise<number> {
  if (!style.json) {
    const lines = typeof outcome.view === 'string' ? [outcome.view] : (outcome.view ?? []);
    const text = escapeLines(lines);
    if (text !== '') await write(io.stdout, `${text}\n`);
  } else if (outcome.result !== undefined) {
    await write(io.stdout, formatDocument(outcome.result));
  }
  return outcome.exitStatus ?? 0;
}

/** Prints an error, or a bug, and returns the exit status. Never rejects: there is nobody left to tell. */
export async function printError(io: Io, style: OutputStyle, thrown: unknown): Promise<number> {
  const error = toEcrpError(thrown, io.signal);
  const exitStatus = exitStatusOf(error);
  try {
    if (style.json) {
      await write(io.stdout, formatDocument({ error: describeError(error), exitStatus }));
      return exitStatus;
    }
  } catch {
    // Standard output is what failed, so a person is told instead.
  }
  const text = style.jsonLines
    ? `${formatJson({ event: 'error', ...describeError(error), exitStatus })}\n`
    : await formatError(error, style);
  await write(io.stderr, text).catch(() => undefined);
  return exitStatus;
}

/** Prints the error of one of several things, after which the others go on. With `--json` the document has it. Never rejects. */
export async function printErrorOf(
  io: Io,
  style: OutputStyle,
  error: EcrpError,
  subject: string,
): Promise<void> {
  if (style.json) return;
  const text = style.jsonLines
    ? `${formatJson({ event: 'error', reference: subject, ...describeError(error), exitStatus: exitStatusOf(error) })}\n`
    : await formatError(error, style, `${subject}: `);
  await write(io.stderr, text).catch(() => undefined);
}

/** Prints text as it is. Rejects when the stream cannot be written. */
export async function printText(stream: Output, text: string): Promise<void> {
  if (text !== '') await write(stream, text);
}

function formatDocument(members: ResultMembers): string {
  return `${formatJson({ schemaVersion: 1, ...members })}\n`;
}

/** No longer than a message has to be: what is in it may be a whole page of somebody else's. */
export function describeError(error: EcrpError) {
  const { code, message, hint, operation, awsError, requestId } = error;
  return {
    code,
    message: cutText(hideLogins(message)),
    // Hints show how a URL with a login is written, and repeat none.
    hint: hint && cutText(hint),
    operation,
    awsError: awsError && cutText(awsError, MOST_NAME),
    requestId: requestId && cutText(requestId, MOST_NAME),
  };
}

async function formatError(error: EcrpError, { color, verbose }: OutputStyle, subject = ''): Promise<string> {
  const { Chalk } = color ? await import('chalk') : { Chalk: undefined };
  const label = Chalk === undefined ? 'error:' : new Chalk({ level: 1 }).red.bold('error:');
  const { message, hint, operation, awsError, requestId } = describeError(error);
  const lines = [`${label} ${escapeLine(subject + message)}`];
  // Without an answer of the service the message says all there is to say.
  if (awsError !== undefined || requestId !== undefined) {
    const details = [operation, awsError, requestId && `request ${requestId}`];
    lines.push(escapeLine(`  (${details.filter(Boolean).join(', ')})`));
  }
  if (hint !== undefined) lines.push(`hint: ${escapeLine(hint)}`);
  if (verbose && error.code === 'INTERNAL' && error.cause instanceof Error && error.cause.stack) {
    // Indented, so that no line of it can pass for one of ours.
    lines.push(escapeLines(error.cause.stack.split('\n').map((line) => `  ${line}`)));
  }
  return `${lines.join('\n')}\n`;
}

/** How a write ends whose reader has gone away, as in `… | head`: the first one, and those after it. */
const readerIsGone = ['EPIPE', 'ERR_STREAM_DESTROYED'];

/** Resolves when the text has been handed over. That nobody reads it any more is no error. */
function write(stream: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (cause) => {
      if (!cause || ('code' in cause && readerIsGone.includes(String(cause.code)))) return resolve();
      const hint = lacksRoom(cause)
        ? 'Free space where standard output goes, then run it again.'
        : 'Check where standard output goes, then run it again.';
      const message = `the output cannot be written: ${describeFileError(cause)}`;
      reject(new EcrpError('INVALID_INPUT', message, { hint, cause }));
    });
  });
}

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
