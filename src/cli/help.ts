import { type Command, Help, type HelpConfiguration, type Option } from 'commander';

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
function describeOption({ description, argChoices, defaultValue, negate }: Option): string {
  if (argChoices === undefined) {
    return defaultValue === undefined || negate ? description : `${description} (default ${defaultValue})`;
  }
  const choices = argChoices.map((choice) => (choice === defaultValue ? `${choice} (default)` : choice));
  return [description, choices.join(', ')].filter(Boolean).join(': ');
}

/** Adds examples to the end of a command's help. */
export function addExamples(command: Command, examples: readonly string[]): void {
  command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}
