import { EcrpError, exitStatusOf } from '../errors.ts';
import type { Io, Output } from '../io.ts';
import type { JsonObject, Outcome } from './outcome.ts';

/** How results and errors are to be printed, as far as the command line said it. */
export interface OutputStyle {
  readonly json: boolean;
  readonly verbose: boolean;
  /** Every line of standard error is a JSON document of its own: `--progress json`. */
  readonly jsonLines: boolean;
  readonly color: boolean;
}

/** Prints what a command gave back and returns the exit status. */
export async function printOutcome(io: Io, style: OutputStyle, outcome: Outcome): Promise<number> {
  if (!style.json) {
    if (outcome.view !== undefined && outcome.view !== '') await write(io.stdout, `${outcome.view}\n`);
  } else if (outcome.result !== undefined) {
    await write(io.stdout, formatDocument(outcome.result));
  }
  return outcome.exitStatus ?? 0;
}

/** Prints an error, or a bug, and returns the exit status. */
export async function printError(io: Io, style: OutputStyle, thrown: unknown): Promise<number> {
  const error = toEcrpError(thrown, io.signal);
  const exitStatus = exitStatusOf(error);
  if (style.json) {
    await write(io.stdout, formatDocument({ error: describeError(error), exitStatus }));
  } else if (style.jsonLines) {
    await write(io.stderr, `${JSON.stringify({ event: 'error', ...describeError(error), exitStatus })}\n`);
  } else {
    await write(io.stderr, await formatError(error, style.color));
  }
  if (style.verbose && error.code === 'INTERNAL' && error.cause instanceof Error && !style.jsonLines) {
    await write(io.stderr, `${error.cause.stack ?? String(error.cause)}\n`);
  }
  return exitStatus;
}

/** Help and the version, as commander has formatted them. */
export async function printText(stream: Output, text: string): Promise<void> {
  if (text !== '') await write(stream, text);
}

function formatDocument(members: JsonObject): string {
  return `${JSON.stringify({ schemaVersion: 1, ...members })}\n`;
}

function describeError(error: EcrpError): JsonObject {
  const { code, message, hint, operation, awsError, requestId } = error;
  return { code, message, hint, operation, awsError, requestId };
}

async function formatError(error: EcrpError, color: boolean): Promise<string> {
  const { Chalk } = color ? await import('chalk') : { Chalk: undefined };
  const label = Chalk === undefined ? 'error:' : new Chalk({ level: 1 }).red.bold('error:');
  const lines = [`${label} ${error.message}`];
  // Without an answer of the service the message says all there is to say.
  if (error.awsError !== undefined || error.requestId !== undefined) {
    const details = [error.operation, error.awsError, error.requestId && `request ${error.requestId}`];
    lines.push(`  (${details.filter(Boolean).join(', ')})`);
  }
  if (error.hint !== undefined) lines.push(`hint: ${error.hint}`);
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

/** Resolves when the text has been handed over; a reader that went away (EPIPE) is not an error of ours. */
function write(stream: Output, text: string): Promise<void> {
  return new Promise((resolve) => {
    stream.write(text, () => resolve());
  });
}
