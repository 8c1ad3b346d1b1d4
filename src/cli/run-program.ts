import { type Command, CommanderError } from 'commander';
import { EcrpError } from '../errors.ts';
import type { Io } from '../io.ts';
import { createContext } from './command-context.ts';
import type { GlobalOptions } from './global-options.ts';
import type { Outcome } from './outcome.ts';
import { printText } from './output.ts';
import type { OutputStyle } from './output-style.ts';
import { buildProgram } from './program.ts';
import { showVersion } from './read-version.ts';
import { toUsageError } from './usage-error.ts';

/** Parses the command line and runs the command it names. Throws what the command throws; USAGE for a wrong command line. */
export async function runProgram(argv: readonly string[], io: Io, style: OutputStyle): Promise<Outcome> {
  let outcome: Outcome = {};
  const program = buildProgram(async (execute) => {
    const context = createContext(io, style, program.opts<GlobalOptions>());
    try {
      outcome = await execute(context);
    } finally {
      context.waiting.clear();
    }
  });
  const said = { text: '', by: program };
  for (const command of listCommands(program)) captureOutput(command, io, said);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return outcome;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.version') return showVersion();
    if (error.exitCode === 0) {
      await printText(io.stdout, said.text);
      return {};
    }
    if (error.code !== 'commander.help') throw toUsageError(error, getCommandPath(said.by));
    if (style.json)
      throw new EcrpError('USAGE', 'no command given', { hint: "'ecrp --help' shows the commands." });
    await printText(io.stderr, said.text);
    return { exitStatus: 2 };
  }
}

function captureOutput(command: Command, io: Io, said: { text: string; by: Command }): void {
  const keep = (text: string) => {
    said.text += text;
    said.by = command;
  };
  command.exitOverride().configureOutput({
    writeOut: keep,
    writeErr: keep,
    outputError: keep,
    getOutHelpWidth: () => io.stdout.columns ?? 80,
    getErrHelpWidth: () => io.stderr.columns ?? 80,
  });
}

function listCommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(listCommands)];
}

function getCommandPath(command: Command): string {
  return command.parent === null ? command.name() : `${getCommandPath(command.parent)} ${command.name()}`;
}
