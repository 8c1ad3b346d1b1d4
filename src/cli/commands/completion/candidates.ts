import type { Command } from 'commander';
import { listBadges } from '../../../catalog/badges.ts';
import { describeOption } from '../../help.ts';
import { CLEARABLE } from '../catalog/declare.ts';
import { type Cursor, listOptions } from './cursor.ts';
import { findArgumentKind, findOptionKind, type ValueKind } from './value-kinds.ts';

/** One suggestion. */
export interface Candidate {
  readonly value: string;
  readonly description?: string | undefined;
}

/** What may stand under the cursor: words that are known, or a value of some kind. */
export type Expected = { readonly words: readonly Candidate[] } | { readonly kind: ValueKind };

/** Words for values that the declarations cannot restrict: an option with choices takes one of them, and these may be repeated. */
const WORDS: Partial<Readonly<Record<ValueKind, readonly string[]>>> = {
  architecture: listBadges('architectures'),
  'catalog-field': CLEARABLE,
  'operating-system': listBadges('operatingSystems'),
  platform: ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'windows/amd64'],
};

/** Finds what may stand at a place, out of the declarations of the commands. */
export function findExpectedWords(place: Cursor): Expected {
  const { command, operands, values, option, current, takesOptions } = place;
  if (option !== undefined) {
    return expectValue(option.argChoices, findOptionKind(option));
  }
  if (takesOptions && current.startsWith('-')) return { words: listFlags(command) };
  if (command.commands.length > 0) {
    const isFirst = operands.length === 0 || (operands.length === 1 && operands[0] === 'help');
    return { words: isFirst ? listCommandNames(command) : [] };
  }
  if (values.has('--artifact-type')) return { kind: operands.length === 0 ? 'reference' : 'file' };
  const argument =
    command.registeredArguments[operands.length] ??
    command.registeredArguments.findLast((each) => each.variadic);
  if (argument === undefined) return { words: [] };
  return expectValue(argument.argChoices, findArgumentKind(argument));
}

function expectValue(choices: readonly string[] | undefined, kind: ValueKind = 'text'): Expected {
  const words = choices ?? WORDS[kind];
  return words === undefined ? { kind } : { words: words.map((value) => ({ value })) };
}

function listFlags(command: Command): readonly Candidate[] {
  const own = listOptions(command).filter(({ hidden }) => !hidden);
  const flags = own.map((option) => ({
    value: option.long ?? option.short ?? '',
    description: describeOption(option),
  }));
  return [...flags, { value: '--help', description: 'print help' }];
}

/** The subcommands, and `help` as in `--help`. */
function listCommandNames(command: Command): readonly Candidate[] {
  const help = command.createHelp();
  return help.visibleCommands(command).map((each) => ({
    value: each.name(),
    description: help.subcommandDescription(each),
  }));
}
