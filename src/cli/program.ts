import { Command, CommanderError, Option } from 'commander';
import { EcrpError } from '../errors.ts';
import type { Io } from '../io.ts';
import { findReplacement } from './aws-commands.ts';
import { type CommandContext, createContext, type Runner } from './command-context.ts';
import { addCatalog } from './commands/catalog/declare.ts';
import { addCompletion } from './commands/completion/declare.ts';
import { addCopy } from './commands/copy/declare.ts';
import { addDoctor } from './commands/doctor/declare.ts';
import { addEmulator } from './commands/emulator/declare.ts';
import { addImage } from './commands/image/declare.ts';
import { addIndex } from './commands/index/declare.ts';
import { addLifecycle } from './commands/lifecycle/declare.ts';
import { addLogin } from './commands/login/declare.ts';
import { addPolicy } from './commands/policy/declare.ts';
import { addPull } from './commands/pull/declare.ts';
import { addPush } from './commands/push/declare.ts';
import { addRegistry } from './commands/registry/declare.ts';
import { addRepo } from './commands/repo/declare.ts';
import { addResourceTag } from './commands/resource-tag/declare.ts';
import { addUploads } from './commands/uploads/declare.ts';
import { addExamples, helpConfiguration } from './help.ts';
import { addGlobalOptions, type GlobalOptions } from './options.ts';
import type { Outcome, OutputStyle } from './output.ts';
import { readVersion } from './read-version.ts';
import { printText } from './write-text.ts';

/** The functions that declare commands, and the names of these, in the order of the help. */
const DECLARATIONS: readonly (readonly [add: (program: Command, run: Runner) => void, ...names: string[]])[] =
  [
    [addPush, 'push'],
    [addCopy, 'copy'],
    [addPull, 'pull'],
    [addRepo, 'repo'],
    [addCatalog, 'catalog'],
    [addImage, 'image'],
    [addIndex, 'index'],
    [addPolicy, 'policy'],
    [addLifecycle, 'lifecycle'],
    [addResourceTag, 'resource-tag'],
    [addRegistry, 'registry'],
    [addLogin, 'login', 'logout', 'token'],
    [addUploads, 'uploads'],
    [addDoctor, 'doctor'],
    [addEmulator, 'emulator'],
    [addCompletion, 'completion'],
    [addVersion, 'version'],
  ];

/**
 * Declares all commands; only one if `first`, the first word of a command line, names it, because all of them slow down every start. A command
 * is imported when it runs, so that the others do not load it.
 */
export function buildProgram(run: Runner, first?: string): Command {
  const program = new Command('ecrp')
    .description(
      'Push image archives to Amazon ECR Public and private ECR without a Docker daemon, and manage the repositories.',
    )
    .helpCommand('help [command]', 'print help')
    .configureHelp(helpConfiguration);
  addGlobalOptions(program);
  program
    .version(readVersion(), '-V, --version', 'print the version')
    .addHelpOption(new Option('-h, --help', 'print help'));
  addExamples(program, [
    'ecrp push app.tar app:1.0',
    'ecrp repo create app --catalog catalog.json',
    'ecrp push app.tar app:1.0 --create-repo --json',
  ]);
  const named = DECLARATIONS.filter(([, ...names]) => first !== undefined && names.includes(first));
  for (const [add] of named.length > 0 ? named : DECLARATIONS) add(program, run);
  return program;
}

function addVersion(program: Command, run: Runner): void {
  const version = program
    .command('version')
    .summary('print the version')
    .description('Print the version.')
    .action(() => run(async () => showVersion()));
  addExamples(version, ['ecrp version', 'ecrp version --json']);
}

/** What the scripts of `ecrp completion` call: `ecrp __complete -- WORD…`. It is no command for people, so help does not show it. */
const COMPLETE = '__complete';

/** Parses the command line and runs its command. Throws USAGE for a wrong command line, and the command's errors. */
export async function runProgram(argv: readonly string[], io: Io, style: OutputStyle): Promise<Outcome> {
  let outcome: Outcome = {};
  const program = buildProgram(async (execute) => {
    const context = createContext(io, style, program.opts<GlobalOptions>());
    try {
      outcome = addJobReport(context, await execute(context));
    } finally {
      context.waiting.clear();
    }
  }, argv[0]);
  if (argv[0] === COMPLETE) {
    const { answerShell } = await import('./commands/completion/run.ts');
    await printText(io.stdout, await answerShell(program, argv.slice(2), io));
    return {};
  }
  const said = { text: '', by: program };
  for (const command of listCommands(program)) captureOutput(command, io, said);
  try {
    await program.parseAsync(toHelpOption(argv), { from: 'user' });
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
      throw new EcrpError('USAGE', 'no command given', { hint: "Run 'ecrp --help' for a list of commands." });
    await printText(io.stderr, said.text);
    return { exitStatus: 2 };
  }
}

/** `ecrp help image prune` as `ecrp image prune --help`: commander's own `help` looks at one word only. */
function toHelpOption(argv: readonly string[]): readonly string[] {
  const [first, ...words] = argv;
  return first === 'help' && words.length > 1 ? [...words, '--help'] : argv;
}

/** Makes the outcome report its publication to a CI job, after it is printed. */
function addJobReport(context: CommandContext, outcome: Outcome): Outcome {
  const { publication, result, afterwards } = outcome;
  if (!context.style.annotations || publication === undefined || result === undefined) return outcome;
  const report = async (): Promise<void> => {
    const { reportPublication } = await import('./ci/job-report.ts');
    await reportPublication(context, publication, result);
    await afterwards?.();
  };
  return { ...outcome, afterwards: report };
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

const GUESS = /\n\((Did you mean [^\n]*\?)\)$/;

const UNKNOWN_COMMAND = /^unknown command '(.*)'$/s;

/** Turns an error of commander into USAGE. Its guesses become the hint. */
function toUsageError(error: CommanderError, commandPath: string): EcrpError {
  const text = error.message.replace(/^error: /, '');
  // Values of arguments may contain line breaks, so only the last line is commander's guess.
  const [line, guess] = GUESS.exec(text) ?? ['', ''];
  const help = `Run '${commandPath} --help'.`;
  const message = text.slice(0, text.length - line.length);
  const [, unknown = ''] = UNKNOWN_COMMAND.exec(message) ?? [];
  const replacement = findReplacement(unknown);
  if (replacement !== undefined) {
    const hint = `Use '${replacement}' in place of the aws CLI's '${unknown}'. ${help}`;
    return new EcrpError('USAGE', message, { hint });
  }
  return new EcrpError('USAGE', message, { hint: guess === '' ? help : `${guess} ${help}` });
}

/** Outcome of `ecrp version` and `ecrp --version`. */
function showVersion(): Outcome {
  const version = readVersion();
  return { result: { version }, view: version };
}
