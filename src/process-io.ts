import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { findOutputStyle, printError } from './cli/output.ts';
import { EcrpError, type EndingSignal, exitStatusOf } from './errors.ts';
import type { Io } from './io.ts';

/**
 * Runs a main function on this process and exits with its status. SIGINT, SIGTERM and SIGHUP abort `io.signal`; a second signal ends the
 * process at once.
 */
export async function runOnProcess(
  main: (argv: readonly string[], io: Io) => Promise<number>,
): Promise<void> {
  const controller = new AbortController();
  const stop = (signal: EndingSignal) => {
    const hint = 'Run the command again; a push, copy or pull resumes where it stopped.';
    const interruption = new EcrpError('INTERRUPTED', `interrupted by ${signal}`, { signal, hint });
    if (controller.signal.aborted) process.exit(exitStatusOf(interruption));
    controller.abort(interruption);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal));
  // A write beyond `ulimit -f` must stay an error. Node ignores SIGXFSZ, but signal-exit (in write-file-atomic) adds and removes a
  // listener. That restores the default, which ends the process. A listener of our own prevents it.
  if (process.platform !== 'win32') process.on('SIGXFSZ', () => undefined);
  // Every write reports its own failure. Without a listener, the event would end the process.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

  const argv = process.argv.slice(2);
  const cwd = findDirectory();
  const io: Io = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: typeof cwd === 'string' ? cwd : '/',
    programDirectory: findProgramDirectory(),
    signal: controller.signal,
    onExit: (cleanUp) => {
      process.on('exit', cleanUp);
      return () => process.off('exit', cleanUp);
    },
  };
  process.on('uncaughtException', (error) => void reportBug(argv, io, error));
  // Without a working directory, no relative path has a meaning.
  if (typeof cwd !== 'string') return await reportBug(argv, io, cwd);
  const status = await main(argv, io);
  // `main` has awaited all output. `exit` ends keep-alive sockets, which would hold the process.
  process.exit(status);
}

/** Returns the working directory, or the error if that directory is gone. */
function findDirectory(): unknown {
  try {
    return process.cwd();
  } catch (error) {
    return error;
  }
}

/** Finds where the program really is: npm puts links to it on PATH. */
function findProgramDirectory(): string | undefined {
  try {
    return dirname(realpathSync(process.argv[1] ?? ''));
  } catch {
    return undefined;
  }
}

/** Prints an unhandled error and exits: the state of the process is unknown. */
async function reportBug(argv: readonly string[], io: Io, error: unknown): Promise<void> {
  process.exit(await printError(io, findOutputStyle(argv, io), error));
}
