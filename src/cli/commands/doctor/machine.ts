import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeFileError, findErrorCode } from '../../../files/file-errors.ts';
import { type CheckResult, pass, warn } from './check.ts';

// This machine: the version of Node, and the directories that ecrp writes to.

/** The same as `engines` in package.json. */
const LEAST_NODE = [20, 19] as const;
/** The first versions with zstd in `node:zlib`. */
const ZSTD_NODE = [22, 15] as const;

/** Judges a version of Node, such as `22.15.0`. */
export function checkNode(version: string): CheckResult {
  if (!isAtLeast(version, LEAST_NODE)) {
    return warn(
      `Node ${version} is older than ${LEAST_NODE.join('.')}, the oldest version that ecrp supports`,
      `Install Node ${LEAST_NODE.join('.')} or later.`,
    );
  }
  if (isAtLeast(version, ZSTD_NODE)) return pass(`Node ${version}`);
  return pass(`Node ${version}; --compression zstd needs ${ZSTD_NODE.join('.')} or later`);
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** A directory that ecrp writes to. */
export interface WrittenDirectory {
  /** For messages: `state`, `cache` or `temporary`. */
  readonly purpose: string;
  /** Undefined: there is no place for it. */
  readonly path: string | undefined;
  /** The variable that names another one. */
  readonly variable: string;
  /** What does not work without it. */
  readonly loss: string;
}

/** Looks whether directories can be written, or be made. Makes and writes nothing. */
export async function checkDirectories(directories: readonly WrittenDirectory[]): Promise<CheckResult> {
  const problems: string[] = [];
  const hints: string[] = [];
  for (const { purpose, path, variable, loss } of directories) {
    const problem = path === undefined ? 'this user has no home directory' : await findProblem(path);
    if (problem === undefined) continue;
    const where = path === undefined ? '' : ` ${path}`;
    problems.push(`the ${purpose} directory${where} cannot be written (${problem}), so ${loss}`);
    hints.push(variable);
  }
  if (problems.length > 0) {
    return warn(problems.join('; '), `Set ${hints.join(' and ')} to a directory that you can write to.`);
  }
  return pass(directories.map(({ purpose, path }) => `${purpose} ${path}`).join(', '));
}

/** Looks at the directory itself, or at the nearest one above it that exists. */
async function findProblem(path: string): Promise<string | undefined> {
  try {
    if (!(await stat(path)).isDirectory()) return `${path} is not a directory`;
    await access(path, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const parent = dirname(path);
    if (findErrorCode(error) === 'ENOENT' && parent !== path) return findProblem(parent);
    return describeFileError(error);
  }
}
