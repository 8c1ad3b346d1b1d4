import { type Command, Help, type HelpConfiguration, type Option } from 'commander';
import type { OperationName } from '../wire/operations.ts';
import type { PrivateOperationName } from '../wire/private/operations.ts';

/** Layout of help: choices and defaults are short, and the options of every command are one line that points to the program's help. */
export const helpConfiguration: HelpConfiguration = {
  formatHelp(this: Help, command, helper) {
    const help = Help.prototype.formatHelp.call(this, command, helper);
    return command.parent === null ? help : `${help}\n${describeGlobalOptions(command)}\n`;
  },
  visibleOptions(this: Help, command) {
    const visible = Help.prototype.visibleOptions.call(this, command);
    return command.parent === null ? visible : visible.filter((option) => command.options.includes(option));
  },
  optionDescription: describeOption,
  subcommandTerm: (command) => command.name(),
};

/** Lists the options of the program, which every command takes too. */
function describeGlobalOptions(command: Command): string {
  const { options } = findProgram(command);
  const names = [...options.flatMap(({ long }) => (long === '--version' ? [] : (long ?? []))), '--help'];
  const half = Math.ceil(names.length / 2);
  const lists = [names.slice(0, half), names.slice(half)].map((list) => `  ${list.join(', ')}`);
  return `Options of every command, which 'ecrp --help' explains:\n${lists.join(',\n')}`;
}

function findProgram(command: Command): Command {
  return command.parent === null ? command : findProgram(command.parent);
}

/** `description: keep (default), drop`, or `description (default 4)`. */
export function describeOption(option: Option): string {
  const { description, argChoices, defaultValue, defaultValueDescription, negate } = option;
  const shown = defaultValueDescription ?? (negate ? undefined : defaultValue);
  const isChoice = argChoices?.includes(defaultValue) ?? false;
  const choices = argChoices?.map((choice) => (choice === defaultValue ? `${choice} (default)` : choice));
  const text = [description, choices?.join(', ')].filter(Boolean).join(': ');
  return shown === undefined || isChoice ? text : `${text} (default ${shown})`;
}

/** What the reference and the man pages say about a command beside its arguments and options. */
export interface CommandNotes {
  readonly examples: readonly string[];
  readonly operations: readonly (OperationName | PrivateOperationName)[];
  /** Meaning of an exit status in this command. */
  readonly exitStatuses: Readonly<Record<number, string>>;
}

const notes = new WeakMap<Command, CommandNotes>();

export function readNotes(command: Command): CommandNotes {
  return notes.get(command) ?? { examples: [], operations: [], exitStatuses: {} };
}

/** Adds examples to the end of a command's help, and to the reference. */
export function addExamples(command: Command, examples: readonly string[]): void {
  notes.set(command, { ...readNotes(command), examples });
  command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}

/** Says in the reference which operations of the API people reach with this command. A test checks that it calls each of them. */
export function addOperations(
  command: Command,
  ...operations: readonly (OperationName | PrivateOperationName)[]
): void {
  notes.set(command, { ...readNotes(command), operations });
}

/** Says in the reference what an exit status means in this command, where the general meaning says too little. */
export function addExitStatuses(command: Command, exitStatuses: Readonly<Record<number, string>>): void {
  notes.set(command, { ...readNotes(command), exitStatuses });
}
