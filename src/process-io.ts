import { printError } from './cli/output.ts';
import { findOutputStyle } from './cli/output-style.ts';
import { EcrpError, type EndingSignal, exitStatusOf } from './errors.ts';
import type { Io } from './io.ts';

/**
 * Runs a main function on this process and ends it with the status that comes back.
 * SIGINT, SIGTERM and SIGHUP abort `io.signal`; a second one ends the process at once.
 */
export async function runOnProcess(
  main: (argv: readonly string[], io: Io) => Promise<number>,
): Promise<void> {
  const controller = new AbortController();
  const stop = (signal: EndingSignal) => {
    const hint = 'Run the command again; a push resumes where it stopped.';
    const interruption = new EcrpError('INTERRUPTED', `interrupted by ${signal}`, { signal, hint });
    if (controller.signal.aborted) process.exit(exitStatusOf(interruption));
    controller.abort(interruption);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal));
  // A write beyond `ulimit -f` must stay an error. Node ignores this signal, but signal-exit (under write-file-atomic) adds and
  // removes a listener, which restores the default: the end of the process. Another listener prevents that.
  if (process.platform !== 'win32') process.on('SIGXFSZ', () => undefined);
  // Every write is told of its own failure; without a listener the event would end the process.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

  const argv = process.argv.slice(2);
  const cwd = findDirectory();
  const io: Io = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: typeof cwd === 'string' ? cwd : '/',
    signal: controller.signal,
    onExit: (cleanUp) => {
      process.on('exit', cleanUp);
      return () => process.off('exit', cleanUp);
    },
  };
  process.on('uncaughtException', (error) => void reportBug(argv, io, error));
  // No path that the user gives can be told from another one there.
  if (typeof cwd !== 'string') return await reportBug(argv, io, cwd);
  const status = await main(argv, io);
  // Everything printed was awaited by `main`, so nothing is lost; sockets kept alive shall not hold the process.
  process.exit(status);
}

/** The error, when the directory that we were started in is gone. */
function findDirectory(): unknown {
  try {
    return process.cwd();
  } catch (error) {
    return error;
  }
}

/** What nobody awaited was thrown, so nothing that runs can be relied on any more. */
async function reportBug(argv: readonly string[], io: Io, error: unknown): Promise<void> {
  process.exit(await printError(io, findOutputStyle(argv, io), error));
}
