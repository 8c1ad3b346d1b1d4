import type { Command, Option } from 'commander';
import { type CommandNotes, describeOption, readNotes } from '../../src/cli/help.ts';

/** A term and what it means: an argument, an option or a command. */
export interface Definition {
  readonly term: string;
  readonly meaning: string;
}

export interface OptionGroup {
  /** Without a colon. */
  readonly title: string;
  readonly options: readonly Definition[];
}

/** A command as its declaration describes it. */
export interface CommandPage extends CommandNotes {
  /** `ecrp repo create` */
  readonly name: string;
  /** 0 for the program itself. */
  readonly depth: number;
  readonly summary: string;
  readonly description: string;
  /** One line for each form of the command. */
  readonly usage: readonly string[];
  readonly arguments: readonly Definition[];
  /** Without the options of every command, except on the page of the program. */
  readonly groups: readonly OptionGroup[];
  readonly commands: readonly Definition[];
}

/** The program has no summary of its own, because no help lists it. */
const SUMMARY = 'push images to Amazon ECR Public and manage its repositories';

/** Splits a description at empty lines. A paragraph of several lines keeps them: they stand below each other in help. */
export function splitParagraphs(description: string): readonly string[] {
  return description.split('\n\n');
}

/** Describes the program and all its commands, in the order of `ecrp --help`. */
export function describeCommands(program: Command): readonly CommandPage[] {
  return [describeCommand(program), ...program.commands.flatMap(describeCommands)];
}

function describeCommand(command: Command): CommandPage {
  const help = command.createHelp();
  const path = listPath(command);
  return {
    ...readNotes(command),
    name: path.join(' '),
    depth: path.length - 1,
    summary: command.parent === null ? SUMMARY : help.subcommandDescription(command),
    description: command.description(),
    usage: help
      .commandUsage(command)
      .split('\n')
      .map((line) => line.trim()),
    arguments: command.registeredArguments.map((argument) => ({
      term: help.argumentTerm(argument),
      meaning: help.argumentDescription(argument),
    })),
    groups: groupOptions(command),
    commands: command.commands.map((each) => ({
      term: each.name(),
      meaning: help.subcommandDescription(each),
    })),
  };
}

function listPath(command: Command): readonly string[] {
  return command.parent === null ? [command.name()] : [...listPath(command.parent), command.name()];
}

function groupOptions({ options }: Command): readonly OptionGroup[] {
  const groups = new Map<string, Option[]>();
  for (const option of options.filter(({ hidden }) => !hidden)) {
    const title = (option.helpGroupHeading ?? 'Options:').replace(/:$/, '');
    groups.set(title, [...(groups.get(title) ?? []), option]);
  }
  return Array.from(groups, ([title, members]) => ({
    title,
    options: members.map((option) => ({ term: option.flags, meaning: describeOption(option) })),
  }));
}
