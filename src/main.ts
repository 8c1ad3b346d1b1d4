import { findOutputStyle, type Outcome, type OutputStyle, printError, printOutcome } from './cli/output.ts';
import { runProgram } from './cli/program.ts';
import type { Io } from './io.ts';

/**
 * Runs the command line `ecrp ARGV…` and resolves to its exit status. Never rejects. Uses only `io`, the file system and the network.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const style = findOutputStyle(argv, io);
  let outcome: Outcome;
  try {
    outcome = await runProgram(argv, io, style);
  } catch (error) {
    return await printError(io, style, error);
  }
  const printed = await tryTo(io, style, () => printOutcome(io, style, outcome));
  // Standard output has its one document already.
  const finished = await tryTo(io, { ...style, json: false }, async () => {
    await outcome.afterwards?.();
    return 0;
  });
  return printed === 0 ? finished : printed;
}

/** Returns the status of an act, or prints the error that it throws and returns the status of that. */
async function tryTo(io: Io, style: OutputStyle, act: () => Promise<number>): Promise<number> {
  try {
    return await act();
  } catch (error) {
    return await printError(io, style, error);
  }
}
