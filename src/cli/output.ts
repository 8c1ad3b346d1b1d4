import { type EcrpError, exitStatusOf } from '../errors.ts';
import { cutText, escapeLine, escapeLines, formatJson, hideLogins } from '../foreign-text.ts';
import type { Io } from '../io.ts';
import { type AnnotationKind, formatAnnotation, isAnnotatedJob } from './ci/annotations.ts';
import type { Publication } from './ci/step-summary.ts';
import { allowsColor, type ColoredLine, formatLines } from './colored-lines.ts';
import { toEcrpError } from './explain-thrown.ts';
import { printLines, printText, writeText } from './write-text.ts';

/** A value of a JSON document. Members that are `undefined` are left out. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly JsonValue[]
  | { readonly [member: string]: JsonValue };

/** Members of the JSON document of a result. */
export type ResultMembers = { readonly [member: string]: JsonValue };

/** The end of a command. `printOutcome` prints one of its two forms. */
export interface Outcome {
  /** Printed with `--json`, after `schemaVersion`. Absent: nothing is printed. */
  readonly result?: ResultMembers | undefined;
  /** Printed without `--json`: one line, or several. Line breaks in a line are escaped. Absent or empty: nothing is printed. */
  readonly view?: string | readonly (string | ColoredLine)[] | undefined;
  /** True: the view is printed with `--json` too. */
  readonly isAlwaysText?: true;
  /** Printed after `view`, in pieces: lines too many to be kept in memory. */
  readonly lines?: Iterable<string> | undefined;
  /** Runs after the result is printed. Its error is text on standard error, with `--json` too. */
  readonly afterwards?: (() => Promise<void>) | undefined;
  /** Reported to a CI job. */
  readonly publication?: Publication | undefined;
  /** Default 0. */
  readonly exitStatus?: number | undefined;
}

/** How to print results and errors. */
export interface OutputStyle {
  readonly json: boolean;
  readonly verbose: boolean;
  /** `--progress json`: each line of standard error is a JSON document. */
  readonly jsonLines: boolean;
  /** Colours on standard error. */
  readonly color: boolean;
  /** Errors and warnings are annotations of a CI job. Never with `jsonLines`. Default false. */
  readonly annotations?: boolean;
  /** Colours on standard output. Default false. */
  readonly resultColor?: boolean;
}

/**
 * Finds how to print from the bare arguments, because errors of a command line that cannot be parsed need it too.
 * Arguments after `--` belong to another program.
 */
export function findOutputStyle(argv: readonly string[], io: Io): OutputStyle {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  const mode = own[own.indexOf('--progress') + 1];
  const jsonLines = own.includes('--progress=json') || (own.includes('--progress') && mode === 'json');
  return {
    json: own.includes('--json'),
    verbose: own.includes('-v') || own.includes('--verbose'),
    jsonLines,
    annotations: !jsonLines && isAnnotatedJob(io.env),
    color: allowsColor(io.stderr, io.env, !own.includes('--no-color')),
    resultColor: allowsColor(io.stdout, io.env, !own.includes('--no-color')),
  };
}

/** Most characters of the name of an exception or the ID of a request. */
const MOST_NAME = 200;

/** Prints an outcome and returns the exit status. */
export async function printOutcome(io: Io, style: OutputStyle, outcome: Outcome): Promise<number> {
  if (!style.json || outcome.isAlwaysText) {
    const lines = typeof outcome.view === 'string' ? [outcome.view] : (outcome.view ?? []);
    const text = await formatLines(lines, style.resultColor === true);
    if (text !== '') await writeText(io.stdout, `${text}\n`);
    if (outcome.lines !== undefined) await printLines(io.stdout, outcome.lines);
  } else if (outcome.result !== undefined) {
    await writeText(io.stdout, formatDocument(outcome.result));
  }
  return outcome.exitStatus ?? 0;
}

/** Prints anything that was thrown and returns the exit status. Never rejects. */
export async function printError(io: Io, style: OutputStyle, thrown: unknown): Promise<number> {
  const error = toEcrpError(thrown, io.signal);
  const exitStatus = exitStatusOf(error);
  try {
    if (style.json) {
      await writeText(io.stdout, formatDocument({ error: describeError(error), exitStatus }));
      if (!style.annotations) return exitStatus;
    }
  } catch {
    // Standard output cannot be written: standard error gets the text instead.
  }
  const text = style.jsonLines
    ? `${formatJson({ event: 'error', ...describeError(error), exitStatus })}\n`
    : await formatError(error, style);
  await writeText(io.stderr, text).catch(() => undefined);
  return exitStatus;
}

/**
 * Prints the error of one of several things. With `--json` the document contains it, so only an annotation is printed. Never rejects.
 */
export async function printItemError(
  io: Io,
  style: OutputStyle,
  error: EcrpError,
  subject: string,
): Promise<void> {
  if (style.json && !style.annotations) return;
  const text = style.jsonLines
    ? `${formatJson({ event: 'error', reference: subject, ...describeError(error), exitStatus: exitStatusOf(error) })}\n`
    : await formatError(error, style, `${subject}: `);
  await writeText(io.stderr, text).catch(() => undefined);
}

/** Formats the document of `--json`, as one line. */
export function formatDocument(members: ResultMembers): string {
  return `${formatJson({ schemaVersion: 1, ...members })}\n`;
}

/** Lists the members of an error for JSON. Texts are cut, because a service may have answered with a whole page. */
export function describeError(error: EcrpError) {
  const { code, message, hint, operation, awsError, requestId } = error;
  return {
    code,
    message: cutText(hideLogins(message)),
    // Hints may show the form of a URL with a login, but never repeat one.
    hint: hint && cutText(hint),
    operation,
    awsError: awsError && cutText(awsError, MOST_NAME),
    requestId: requestId && cutText(requestId, MOST_NAME),
  };
}

async function formatError(
  error: EcrpError,
  { color, verbose, annotations }: OutputStyle,
  subject = '',
): Promise<string> {
  const lines = listErrorLines(error, subject, verbose);
  if (annotations) return `${formatAnnotation('error', lines)}\n`;
  const { Chalk } = color ? await import('chalk') : { Chalk: undefined };
  const label = Chalk === undefined ? 'error:' : new Chalk({ level: 1 }).red.bold('error:');
  return `${label} ${lines.join('\n')}\n`;
}

function listErrorLines(error: EcrpError, subject: string, verbose: boolean): readonly string[] {
  const { hint, operation, awsError, requestId } = describeError(error);
  const lines = [escapeLine(subject + cutText(hideLogins(error.summary)))];
  if (error.items.length > 0)
    lines.push(...cutText(escapeLines(error.items.map((item) => `  - ${hideLogins(item)}`))).split('\n'));
  // Without an answer of the service, the message is complete.
  if (awsError !== undefined || requestId !== undefined) {
    const details = [operation, awsError, requestId && `request ${requestId}`];
    lines.push(escapeLine(`  (${details.filter(Boolean).join(', ')})`));
  }
  if (hint !== undefined) lines.push(`hint: ${escapeLine(hint)}`);
  if (verbose && error.code === 'INTERNAL' && error.cause instanceof Error && error.cause.stack) {
    // Indented, so that no line looks like one of ours.
    lines.push(...error.cause.stack.split('\n').map((line) => escapeLine(`  ${line}`)));
  }
  return lines;
}

/** Lines on standard error other than progress and the final error. */
export interface Messages {
  /** Warns while the command continues. */
  warn(message: string): void;
  /** Tells a person what was done. Scripts do not need it. */
  note(message: string): void;
  /** Only with `--verbose`. `members` replace the text with `--progress json`. */
  detail(message: string, members?: object): void;
  /** Only with `--progress json`. */
  event(event: string, members: object): void;
}

export function createMessages(
  io: Io,
  style: OutputStyle,
  options: { readonly quiet: boolean; readonly verbose: boolean },
): Messages {
  const print = (event: string, text: string, members: object, kind?: AnnotationKind) => {
    const shown = cutText(hideLogins(text));
    const line = style.jsonLines
      ? formatJson({ event, ...members })
      : style.annotations && kind !== undefined
        ? formatAnnotation(kind, [shown])
        : escapeLine(kind === undefined ? shown : `${kind}: ${shown}`);
    // Not awaited: the stream keeps the order, and the last print is awaited. If standard error cannot be written, nothing
    // can report that.
    printText(io.stderr, `${line}\n`).catch(() => undefined);
  };
  return {
    warn(message) {
      if (!options.quiet) print('warning', message, { message: hideLogins(message) }, 'warning');
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
