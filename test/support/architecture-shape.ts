import { posix } from 'node:path';
import { type SourceFile, stripComments } from './architecture.ts';

// Rules of src/README.md about files, exported names and rooms. Rules about imports are in architecture-rules.ts.

const MOST_LINES = 250;
const FEWEST_LINES = 25;

/** Fewer words than this do not say what a room is for. */
const FEWEST_WORDS = 8;

/** Finds files that are too long for one subject. */
export function findLongFiles(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ lines }) => lines > MOST_LINES)
    .map(({ path, lines }) => `${path} has ${lines} lines, more than ${MOST_LINES}`);
}

/** Finds small files that only one other file imports: they could be a part of it. */
export function findSmallFiles(files: readonly SourceFile[]): string[] {
  const importers = new Map<string, Set<string>>();
  for (const { path, imports } of files) {
    for (const { target } of imports) importers.set(target, (importers.get(target) ?? new Set()).add(path));
  }
  return files.flatMap(({ path, lines }) => {
    const [importer, ...others] = importers.get(path) ?? [];
    if (lines >= FEWEST_LINES || others.length > 0) return [];
    return [
      `${path} has ${lines} lines, fewer than ${FEWEST_LINES}, and serves ${importer ?? 'no file'} alone`,
    ];
  });
}

/** Finds names of types or values that more than one file exports. */
export function findSharedNames(files: readonly SourceFile[]): string[] {
  const owners = new Map<string, Set<string>>();
  for (const { path, exports } of files) {
    for (const name of exports) owners.set(name, (owners.get(name) ?? new Set()).add(path));
  }
  return [...owners]
    .filter(([, paths]) => paths.size > 1)
    .map(([name, paths]) => `${name} is exported by ${[...paths].join(' and ')}`)
    .sort();
}

/**
 * Finds rooms that do not say what they are for. A README.md says it, or a comment at the head of a file that begins with the name of the
 * room, as in "`oci/` is the image model".
 * @param readmes Content of each README.md of the tree, by path.
 */
export function findUnexplainedRooms(
  files: readonly SourceFile[],
  readmes: ReadonlyMap<string, string>,
): string[] {
  const rooms = new Set(files.flatMap(({ path }) => /^src\/[^/]+(?=\/)/.exec(path) ?? []));
  const explains = (room: string): boolean =>
    countWords(readmes.get(`${room}/README.md`) ?? '') >= FEWEST_WORDS ||
    files.some(
      ({ path, text }) => posix.dirname(path) === room && countWords(headOf(text, room)) >= FEWEST_WORDS,
    );
  return [...rooms]
    .filter((room) => !explains(room))
    .map((room) => `${room} says nowhere what it is for`)
    .sort();
}

/** Returns the comment that a file begins with, if it is about the room. */
function headOf(text: string, room: string): string {
  const head = /^(?:(?:\/\/.*\n)+|\/\*\*[\s\S]*?\*\/)/.exec(text)?.[0] ?? '';
  return /^[/*\s]*`([\w-]+)\/`/.exec(head)?.[1] === posix.basename(room) ? head : '';
}

function countWords(text: string): number {
  return text.match(/\p{L}{2,}/gu)?.length ?? 0;
}

/**
 * Returns the problems that a table does not excuse, and the entries of the table that excuse nothing.
 * @param table First words of problems.
 */
export function excuseProblems(problems: readonly string[], table: readonly string[]): string[] {
  const subjects = problems.map((problem) => problem.split(' ')[0] ?? '');
  return [
    ...problems.filter((_, index) => !table.includes(subjects[index] ?? '')),
    ...table
      .filter((entry) => !subjects.includes(entry))
      .map((entry) => `${entry} needs no excuse: remove it from the table`),
  ];
}

/** Finds uses of the process's environment, arguments, streams and exit outside of the allowed files. */
export function findGlobals(files: readonly SourceFile[], allowed: readonly string[]): string[] {
  return files
    .filter(({ path }) => !allowed.includes(path))
    .flatMap(({ path, text }) => {
      const uses = stripComments(text).matchAll(
        /(?<![\w.])(?:process\.(?:env|argv|stdin|stdout|stderr|exit|exitCode|cwd)\b|console\.\w+)/g,
      );
      return Array.from(new Set(Array.from(uses, ([use]) => use)), (use) => `${path} uses ${use}`);
    });
}
