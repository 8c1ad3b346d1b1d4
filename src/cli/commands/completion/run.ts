import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadSharedConfig } from '../../../ecr/shared-config.ts';
import { EcrpError } from '../../../errors.ts';
import type { Io } from '../../../io.ts';
import type { GlobalOptions } from '../../options.ts';
import type { Outcome } from '../../output.ts';
import { findRegistryHost, listRegistryNames, type ServicePlace } from '../../service-address.ts';
import { type Candidate, findExpectedWords } from './candidates.ts';
import { type Cursor, findCursor } from './cursor.ts';
import { findArgumentKind, type ValueKind } from './value-kinds.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

/** Prints the script that a shell reads to complete commands of ecrp. */
export async function printScript(shell: Shell): Promise<Outcome> {
  const script = await readFile(findScript(shell), 'utf8');
  return { view: script.trimEnd().split('\n'), isAlwaysText: true };
}

/** Beside the bundle in dist/, or from the sources. Throws INTERNAL if it is missing, as after an incomplete installation. */
function findScript(shell: Shell): string {
  const name = join('bin', 'completion', `ecrp.${shell}`);
  const places = ['..', '../../../..'].map((root) => join(import.meta.dirname, root, name));
  const found = places.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new EcrpError('INTERNAL', `${name}: this file of ecrp is missing`, { hint: 'Install ecrp again.' });
}

/** How a shell treats an answer: as values, as values that are not the end of a word, or it completes paths itself. */
type Directive = 'values' | 'nospace' | 'files';

/**
 * Answers a script of a shell: the first line is a `Directive`, and each further line a value that begins as the last of the words does,
 * a tab and its description. Never rejects: without an answer, there is nothing to suggest.
 */
export async function answerShell(program: Command, words: readonly string[], io: Io): Promise<string> {
  try {
    const place = findCursor(program, words);
    const expected = findExpectedWords(place);
    if ('words' in expected) return format('values', place, expected.words);
    if (expected.kind === 'file') return format('files', place, []);
    const names = await suggest(expected.kind, place, io);
    const directive = expected.kind === 'reference' ? 'nospace' : 'values';
    return format(
      directive,
      place,
      names.map((value) => ({ value })),
    );
  } catch {
    return 'values\n';
  }
}

function format(directive: Directive, { current, prefix }: Cursor, all: readonly Candidate[]): string {
  const lines = all
    // A name from outside could hold anything.
    .filter(({ value }) => value.startsWith(current) && !/\p{C}/u.test(value))
    .map(({ value, description }) => [`${prefix}${value}`, description].filter(Boolean).join('\t'));
  return `${[directive, ...lines].join('\n')}\n`;
}

async function suggest(kind: ValueKind, place: Cursor, io: Io): Promise<readonly string[]> {
  const { current, values } = place;
  const service: ServicePlace = { io, options: readServiceOptions(values) };
  switch (kind) {
    case 'profile':
      return (await loadSharedConfig(io.env)).profileNames;
    case 'registry-host':
      return listRegistryNames(findRegistryHost(service));
    case 'repository':
      return (await import('./registry-candidates.ts')).suggestRepositories(service, current);
    case 'reference':
      return (await import('./registry-candidates.ts')).suggestReferences(service, current);
    case 'tag': {
      const repository = findRepositoryOperand(place);
      if (repository === undefined) return [];
      return (await import('./registry-candidates.ts')).suggestTags(service, repository, current);
    }
    default:
      return [];
  }
}

/** The options that say where the service is, as far as they were typed. */
function readServiceOptions(values: ReadonlyMap<string, string>): ServicePlace['options'] {
  const read = (name: string) => values.get(name) || undefined;
  const [endpointUrl, region] = [read('--endpoint-url'), read('--region')];
  const [profile, registryHost] = [read('--profile'), read('--registry-host')];
  return {
    ...(endpointUrl !== undefined && { endpointUrl }),
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(registryHost !== undefined && { registryHost }),
  } satisfies Partial<GlobalOptions>;
}

/** The repository that an earlier argument names, without its tag. */
function findRepositoryOperand({ command, operands }: Cursor): string | undefined {
  const position = command.registeredArguments.findIndex((argument) =>
    ['reference', 'repository'].includes(findArgumentKind(argument) ?? ''),
  );
  return operands[position]?.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}
