import { printError, printOutcome } from './cli/output.ts';
import { findOutputStyle } from './cli/output-style.ts';
import { runProgram } from './cli/run-program.ts';
import type { Io } from './io.ts';

/**
 * Runs the command line `ecrp ARGV…` and resolves to its exit status; never rejects.
 * Touches nothing of the outside world but what `io` holds, the file system and the network.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const style = findOutputStyle(argv, io);
  try {
    return await printOutcome(io, style, await runProgram(argv, io, style));
  } catch (error) {
    return await printError(io, style, error);
  }
}
