import { type Command, Help, type HelpConfiguration, type Option } from 'commander';

/** How help looks: the global options stand in the groups of the command's own, and choices and defaults take little room. */
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

/** It is the program's, and no command takes it. */
const VERSION = '--version';

function listAncestors({ parent }: Command): readonly Command[] {
  return parent === null ? [] : [parent, ...listAncestors(parent)];
}

/** `what it is: keep (default), drop`, or `what it is (default 4)`. */
function describeOption({ description, argChoices, defaultValue, negate }: Option): string {
  if (argChoices === undefined) {
    return defaultValue === undefined || negate ? description : `${description} (default ${defaultValue})`;
  }
  const choices = argChoices.map((choice) => (choice === defaultValue ? `${choice} (default)` : choice));
  return [description, choices.join(', ')].filter(Boolean).join(': ');
}

/** Ends the help of a command with examples. */
export function addExamples(command: Command, examples: readonly string[]): void {
  command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}
