import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { findExpectedWords } from '../../../../../src/cli/commands/completion/candidates.ts';
import { findCursor, listOptions } from '../../../../../src/cli/commands/completion/cursor.ts';
import { findArgumentKind, findOptionKind } from '../../../../../src/cli/commands/completion/value-kinds.ts';
import { buildProgram } from '../../../../../src/cli/program.ts';

const program = buildProgram(async () => undefined);

/** Completes words. The last one is under the cursor. Returns the values, or the kind of what is expected. */
function complete(...words: string[]): readonly string[] | string {
  const place = findCursor(program, words);
  const expected = findExpectedWords(place);
  return 'words' in expected
    ? expected.words.map(({ value }) => value).filter((value) => value.startsWith(place.current))
    : expected.kind;
}

interface Declared {
  readonly path: readonly string[];
  readonly command: Command;
}

function listDeclared(command: Command, path: readonly string[] = []): readonly Declared[] {
  return [
    { path, command },
    ...command.commands.flatMap((each) => listDeclared(each, [...path, each.name()])),
  ];
}

describe('nothing of the command line is forgotten', () => {
  it.each(listDeclared(program).map((each) => [each.path.join(' ') || 'ecrp', each] as const))(
    '%s',
    (_, { path, command }) => {
      const flags = listOptions(command).map(({ long }) => long ?? '');
      expect(complete(...path, '--')).toEqual(expect.arrayContaining([...flags, '--help']));
      if (command.commands.length > 0) {
        const names = command.commands.map((each) => each.name());
        expect(complete(...path, '')).toEqual(expect.arrayContaining(names));
      }
      for (const option of listOptions(command)) {
        const { argChoices, long, required } = option;
        if (argChoices !== undefined) {
          expect(complete(...path, long ?? '', '')).toEqual(argChoices);
          expect(complete(...path, `${long}=`)).toEqual(argChoices);
        } else if (required) {
          expect(findOptionKind(option), `value-kinds.ts does not know ${option.flags}`).toBeDefined();
        }
      }
      for (const argument of command.registeredArguments.filter((each) => each.argChoices === undefined)) {
        expect(findArgumentKind(argument), `value-kinds.ts does not know ${argument.name()}`).toBeDefined();
      }
    },
  );
});

describe('a place', () => {
  it.each<[string[], readonly string[] | string]>([
    [['pu'], ['push', 'pull']],
    [
      ['help', 'log'],
      ['login', 'logout'],
    ],
    [['repo', 'des'], ['describe']],
    [['push', ''], 'file'],
    [['push', 'app.tar', ''], 'reference'],
    [['push', '--json', '-t', '1.0', 'app.tar', ''], 'reference'],
    [['push', '-t1.0', 'app.tar', ''], 'reference'],
    [['push', 'app:sbom', 'one.json', 'two.json', ''], 'file'],
    [['push', '--artifact-type', 'text/plain', ''], 'reference'],
    [['push', '--artifact-type=text/plain', 'app:sbom', ''], 'file'],
    [['push', '--subject', ''], 'reference'],
    [['push', '--catalog', ''], 'file'],
    [['push', '--catalog=./c'], 'file'],
    [['push', '--if-exists', 's'], ['skip']],
    [['push', '--if-ex'], ['--if-exists']],
    [['push', '--', '--if-ex'], 'file'],
    [['push', '-'], expect.arrayContaining(['--tag', '--json'])],
    [['--profile', ''], 'profile'],
    [
      ['--profile', 'x', 'push', '--compression', ''],
      ['gzip', 'zstd', 'none'],
    ],
    [['push', '--platform', 'linux/arm64'], ['linux/arm64']],
    [['repo', 'describe', ''], 'repository'],
    [['catalog', 'set', '--clear', 'l'], ['logo']],
    [
      ['catalog', 'set', '--os', ''],
      ['Linux', 'Windows'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['completion', 'z'], ['zsh']],
    [['no-such-command', ''], []],
  ])('%j', (words, expected) => expect(complete(...words)).toEqual(expected));

  it('has the options before the cursor, which say where the registry is', () => {
    const { values } = findCursor(program, ['--profile', 'a', 'repo', 'describe', '--region=x', '']);
    expect([...values]).toEqual([
      ['--profile', 'a'],
      ['--region', 'x'],
    ]);
  });
});
