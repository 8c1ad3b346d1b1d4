import { existsSync, fstatSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EcrpError } from '../../../errors.ts';
import { quoteForShell, quoteText } from '../../../foreign-text.ts';
import type { Io } from '../../../io.ts';
import type { CommandContext } from '../../command-context.ts';

/** Matches names of images, such as `app`, `app:1.0` or `ghcr.io/team/app@sha256:…`. */
const IMAGE_NAME = /^[a-z0-9][a-z0-9._-]*(:[0-9]+)?(\/[a-z0-9._-]+)*(:[\w.-]+)?(@sha256:[a-f0-9]{64})?$/;

const ARCHIVE_NAME = /\.(tar|tgz|gz|zst|zip|xz|oci)$|^\.|^\//;

const ENGINE_PREFIX = 'docker:';

/** True for `docker:NAME`. A file of such a name needs a `./` before it. */
export function namesEngineImage(source: string): boolean {
  return source.startsWith(ENGINE_PREFIX);
}

/** NAME of `docker:NAME`. */
export function dropEnginePrefix(source: string): string {
  return source.slice(ENGINE_PREFIX.length);
}

/**
 * Checks a source before it is opened. It may be a terminal, or the name of an image instead of its archive. The
 * error shows the command that works. Throws USAGE, or INVALID_INPUT for a missing file.
 */
export function checkSource({ io }: CommandContext, source: string, reference: string | undefined): void {
  // An empty path would mean the current directory.
  if (source === '') {
    throw new EcrpError('USAGE', 'the source is empty', {
      hint: 'Name the archive, or `-` for a tar on standard input. Is the variable set that it comes from?',
    });
  }
  // The engine is asked later.
  if (namesEngineImage(source)) return;
  if (source === '-') {
    assertNoDirectory(io.stdin);
    if (!io.stdin.isTTY) return;
    throw new EcrpError('USAGE', 'standard input is a terminal, not an archive', {
      hint: 'Pipe an archive into it: docker save NAME:TAG | ecrp push - REFERENCE',
    });
  }
  if (existsSync(resolve(io.cwd, source))) return;
  if (reference !== undefined && existsSync(resolve(io.cwd, reference))) {
    throw new EcrpError('USAGE', `${quoteText(source)} is not a file, but ${quoteText(reference)} is one`, {
      hint: `The archive comes first: ecrp push ${quoteForShell(reference)} ${quoteForShell(source)}`,
    });
  }
  if (!IMAGE_NAME.test(source) || ARCHIVE_NAME.test(source) || isInDirectory(io.cwd, source)) return;
  throw new EcrpError('INVALID_INPUT', `${source}: no such file or directory`, {
    // The hint also helps a user who pipes an archive and forgets the `-`.
    hint: `Pipe the image in, and name it \`-\`: ${pipeImage(source, reference ?? source)}`,
  });
}

/** A mistyped path leads through existing directories; the name of an image does not. */
function isInDirectory(cwd: string, source: string): boolean {
  return source.includes('/') && existsSync(resolve(cwd, dirname(source)));
}

/** Node would read a directory like an empty file. */
function assertNoDirectory(stdin: Io['stdin']): void {
  const descriptor: unknown = Reflect.get(stdin, 'fd');
  if (typeof descriptor !== 'number' || !isDirectory(descriptor)) return;
  throw new EcrpError('INVALID_INPUT', 'standard input: a directory, not an archive', {
    hint: 'Name an OCI image layout instead: ecrp push DIRECTORY REFERENCE',
  });
}

function isDirectory(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isDirectory();
  } catch {
    return false;
  }
}

function pipeImage(name: string, reference: string): string {
  return `docker save ${name} | ecrp push - ${reference}`;
}

/** The error for more than a source and a reference. */
export function refuseArguments(count: number): EcrpError {
  return new EcrpError('USAGE', `too many arguments: ${count} in place of a source and a REFERENCE`, {
    hint: "Run ecrp once for each source, or add --artifact-type to push plain files; 'ecrp push --help' shows both.",
  });
}
