import { printError, printOutcome } from './cli/output.ts';
import { findOutputStyle, runProgram } from './cli/run-program.ts';
import type { Io } from './io.ts';

/**
 * Runs the command line `ecrp ARGV…` and resolves to its exit status; never rejects.
 * Touches nothing of the outside world but what `io` holds, the file system and the network.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await printOutcome(io, findOutputStyle(argv, io), await runProgram(argv, io));
  } catch (error) {
    return await printError(io, findOutputStyle(argv, io), error);
  }
}
