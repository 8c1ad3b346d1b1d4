import type { Command, Option } from 'commander';

/** Where on a command line the cursor is. */
export interface Cursor {
  readonly command: Command;
  /** Arguments of that command before the cursor. */
  readonly operands: readonly string[];
  /** Values of options before the cursor, by their long name. */
  readonly values: ReadonlyMap<string, string>;
  /** The option whose value is under the cursor. */
  readonly option: Option | undefined;
  /** What stands before that value in the same word: `--option=`, or nothing. */
  readonly prefix: string;
  /** The word under the cursor up to it, without the prefix. */
  readonly current: string;
  /** False after `--`. */
  readonly takesOptions: boolean;
}

/**
 * Finds the place of the cursor by the rules of commander: options may stand anywhere before `--`, those of the program too. `words` are
 * the words after the name of the program; the last one is under the cursor, and may be empty.
 */
export function findCursor(program: Command, words: readonly string[]): Cursor {
  let command = program;
  let operands: string[] = [];
  let waiting: Option | undefined;
  let takesOptions = true;
  const values = new Map<string, string>();
  const noteValue = ({ long }: Option, value: string): void => {
    if (long) values.set(long, value);
  };
  for (const word of words.slice(0, -1)) {
    if (waiting !== undefined) {
      noteValue(waiting, word);
      waiting = undefined;
    } else if (takesOptions && word === '--') {
      takesOptions = false;
    } else if (takesOptions && word.startsWith('-') && word !== '-') {
      const { option, value } = readFlag(command, word);
      if (option?.required && value === undefined) waiting = option;
      else if (option !== undefined && value !== undefined) noteValue(option, value);
    } else {
      const next = operands.length === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (next === undefined) operands.push(word);
      else {
        command = next;
        operands = [];
      }
    }
  }
  const last = words.at(-1) ?? '';
  const place = { command, operands, values, takesOptions };
  if (waiting !== undefined) return { ...place, option: waiting, prefix: '', current: last };
  const { option, value } = takesOptions && last.startsWith('--') ? readFlag(command, last) : {};
  if (option === undefined || value === undefined) {
    return { ...place, option: undefined, prefix: '', current: last };
  }
  return { ...place, option, prefix: last.slice(0, last.length - value.length), current: value };
}

/** Reads `--option`, `--option=VALUE`, `-o` or `-oVALUE`. */
function readFlag(
  command: Command,
  word: string,
): { readonly option?: Option | undefined; readonly value?: string | undefined } {
  const options = listOptions(command);
  if (word.startsWith('--')) {
    const equals = word.indexOf('=');
    const name = equals === -1 ? word : word.slice(0, equals);
    const option = options.find(({ long }) => long === name);
    return { option, value: equals === -1 ? undefined : word.slice(equals + 1) };
  }
  const option = options.find(({ short }) => short === word.slice(0, 2));
  return { option, value: option?.required && word.length > 2 ? word.slice(2) : undefined };
}

/** The options of a command and of those above it. */
export function listOptions(command: Command): readonly Option[] {
  return command.parent === null
    ? command.options
    : [...command.options, ...listOptions(command.parent).filter(({ long }) => long !== '--version')];
}
