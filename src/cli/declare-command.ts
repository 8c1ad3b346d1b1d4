import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import type { Outcome } from './outcome.ts';

/** Runs what a command line asked for; how its outcome is printed is not the command's business. */
export type Runner = (execute: (context: CommandContext) => Promise<Outcome>) => Promise<void>;

/** Ends the help of a command with examples. */
export function addExamples(command: Command, examples: readonly string[]): void {
  command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}
