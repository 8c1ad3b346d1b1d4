import { EcrpError } from './errors.ts';
import type { Io } from './io.ts';

/**
 * Runs a main function on this process and ends it with the status that comes back.
 * SIGINT and SIGTERM abort `io.signal`; a second one ends the process at once.
 */
export async function runOnProcess(
  main: (argv: readonly string[], io: Io) => Promise<number>,
): Promise<void> {
  const controller = new AbortController();
  const stop = (signal: 'SIGINT' | 'SIGTERM') => {
    if (controller.signal.aborted) process.exit(signal === 'SIGTERM' ? 143 : 130);
    controller.abort(new EcrpError('INTERRUPTED', `interrupted by ${signal}`, { signal }));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedReader);

  const status = await main(process.argv.slice(2), {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    signal: controller.signal,
  });
  // Everything printed was awaited by `main`, so nothing is lost; sockets kept alive shall not hold the process.
  process.exit(status);
}

/** `ecrp … | head` closes our output; what was asked for is done all the same. */
function ignoreClosedReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
