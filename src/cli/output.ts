import { EcrpError, exitStatusOf } from '../errors.ts';
import type { Io, Output } from '../io.ts';
import type { JsonObject, Outcome } from './outcome.ts';
import type { OutputStyle } from './output-style.ts';

/** Prints what a command gave back and returns the exit status. */
export async function printOutcome(io: Io, style: OutputStyle, outcome: Outcome): Promise<number> {
  if (!style.json) {
    if (outcome.view !== undefined && outcome.view !== '') await write(io.stdout, `${outcome.view}\n`);
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
    ? `${JSON.stringify({ event: 'error', ...describeError(error), exitStatus })}\n`
    : await formatError(error, style);
  await write(io.stderr, text).catch(() => undefined);
  return exitStatus;
}

/** Prints text as it is. Rejects when the stream cannot be written. */
export async function printText(stream: Output, text: string): Promise<void> {
  if (text !== '') await write(stream, text);
}

/** Names of an archive or words of a server may hold what a terminal would obey; lines and tabs may stay. */
export function makePrintable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, (character) => {
    return `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;
  });
}

function formatDocument(members: JsonObject): string {
  return `${JSON.stringify({ schemaVersion: 1, ...members })}\n`;
}

function describeError(error: EcrpError): JsonObject {
  const { code, message, hint, operation, awsError, requestId } = error;
  return { code, message, hint, operation, awsError, requestId };
}

async function formatError(error: EcrpError, { color, verbose }: OutputStyle): Promise<string> {
  const { Chalk } = color ? await import('chalk') : { Chalk: undefined };
  const label = Chalk === undefined ? 'error:' : new Chalk({ level: 1 }).red.bold('error:');
  const lines = [`${label} ${makePrintable(error.message)}`];
  // Without an answer of the service the message says all there is to say.
  if (error.awsError !== undefined || error.requestId !== undefined) {
    const details = [error.operation, error.awsError, error.requestId && `request ${error.requestId}`];
    lines.push(`  (${details.filter(Boolean).join(', ')})`);
  }
  if (error.hint !== undefined) lines.push(`hint: ${makePrintable(error.hint)}`);
  if (verbose && error.code === 'INTERNAL' && error.cause instanceof Error && error.cause.stack) {
    lines.push(error.cause.stack);
  }
  return `${lines.join('\n')}\n`;
}

/** An interruption explains whatever was thrown after it; what is not an EcrpError is a bug, but for the system's own errors. */
export function toEcrpError(thrown: unknown, signal: AbortSignal): EcrpError {
  if (signal.aborted && signal.reason instanceof EcrpError) return signal.reason;
  if (thrown instanceof EcrpError) return thrown;
  if (isFileSystemError(thrown)) {
    return new EcrpError('INVALID_INPUT', `cannot use ${thrown.path}: ${thrown.message}`, {
      hint: 'Check that the path exists, that you may use it, and that the disk is not full.',
      cause: thrown,
    });
  }
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new EcrpError('INTERNAL', `ecrp failed in a way it should not: ${message}`, {
    hint: 'This is a bug. Please report it with the command you ran and what it prints with --verbose.',
    cause: thrown,
  });
}

function isFileSystemError(thrown: unknown): thrown is NodeJS.ErrnoException & { path: string } {
  return (
    thrown instanceof Error && 'syscall' in thrown && 'path' in thrown && typeof thrown.path === 'string'
  );
}

/** How a write ends whose reader has gone away, as in `… | head`: the first one, and those after it. */
const readerIsGone = ['EPIPE', 'ERR_STREAM_DESTROYED'];

/** Resolves when the text has been handed over. That nobody reads it any more is no error. */
function write(stream: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (cause) => {
      if (!cause || ('code' in cause && readerIsGone.includes(String(cause.code)))) return resolve();
      reject(new EcrpError('INVALID_INPUT', `the output cannot be written: ${cause.message}`, { cause }));
    });
  });
}
