import { type Command, Help, type HelpConfiguration, type Option } from 'commander';
import type { OperationName } from '../wire/operations.ts';

/** Layout of help: global options join the groups of the command's own options, and choices and defaults are short. */
export const helpConfiguration: HelpConfiguration = {
  visibleOptions(this: Help, command) {
    const visible = Help.prototype.visibleOptions.call(this, command);
    const own = visible.filter((option) => command.options.includes(option));
    const help = visible.filter((option) => !command.options.includes(option));
    const globals = listAncestors(command).flatMap(({ options }) => options);
    return [...own, ...globals.filter(({ long }) => long !== VERSION), ...help];
  },
  optionDescription: describeOption,
  subcommandTerm: (command) => command.name(),
};

/** An option of the program that no command takes. */
const VERSION = '--version';

function listAncestors({ parent }: Command): readonly Command[] {
  return parent === null ? [] : [parent, ...listAncestors(parent)];
}

/** `description: keep (default), drop`, or `description (default 4)`. */
export function describeOption({ description, argChoices, defaultValue, negate }: Option): string {
  if (argChoices === undefined) {
    return defaultValue === undefined || negate ? description : `${description} (default ${defaultValue})`;
  }
  const choices = argChoices.map((choice) => (choice === defaultValue ? `${choice} (default)` : choice));
  return [description, choices.join(', ')].filter(Boolean).join(': ');
}

/** What the reference and the man pages say about a command beside its arguments and options. */
export interface CommandNotes {
  readonly examples: readonly string[];
  readonly operations: readonly OperationName[];
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
export function addOperations(command: Command, ...operations: readonly OperationName[]): void {
  notes.set(command, { ...readNotes(command), operations });
}

/** Says in the reference what an exit status means in this command, where the general meaning says too little. */
export function addExitStatuses(command: Command, exitStatuses: Readonly<Record<number, string>>): void {
  notes.set(command, { ...readNotes(command), exitStatuses });
}
