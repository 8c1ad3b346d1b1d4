import { EcrpError, exitStatusOf } from '../errors.ts';
import { describeFileError, lacksRoom } from '../files/file-errors.ts';
import { cutText, escapeLine, escapeLines, formatJson, hideLogins } from '../foreign-text.ts';
import type { Io, Output } from '../io.ts';
import { toEcrpError } from './explain-thrown.ts';
import type { JsonObject, Outcome } from './outcome.ts';
import type { OutputStyle } from './output-style.ts';

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

function formatDocument(members: JsonObject): string {
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
