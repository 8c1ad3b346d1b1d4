import { type Stats, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EcrpError } from '../../../errors.ts';
import { describeFileError, findErrorCode } from '../../../files/file-errors.ts';
import { checkOutputFile, type OutputTarget } from '../../../files/output-file.ts';
import { quoteForShell } from '../../../foreign-text.ts';
import { checkLayoutDirectory } from '../../../target/layout-place.ts';
import type { CommandContext } from '../../command-context.ts';

/** Of a tar. */
export type PullFormat = 'oci' | 'docker-archive';

/** Where an image is pulled to. `given`: as the user wrote it. */
export type Destination =
  | { readonly kind: 'directory'; readonly given: string; readonly path: string }
  | {
      readonly kind: 'file';
      readonly given: string;
      readonly format: PullFormat;
      readonly target: OutputTarget;
    }
  | { readonly kind: 'stream'; readonly given: string };

/** The name of a compressed tar, without its ending. */
const COMPRESSED = /^(.*)\.(?:tgz|tzst|tar\.[a-z0-9]+)$/i;

/** Finds out what DESTINATION is, without the network. Throws USAGE, CONFLICT, or INVALID_INPUT for a file that cannot be written. */
export async function readDestination(
  context: CommandContext,
  given: string,
  format: PullFormat | undefined,
): Promise<Destination> {
  if (given === '-') return readStream(context, format);
  if (given === '') throw usage('DESTINATION is empty', 'Name a directory, a file that ends in .tar, or -.');
  const path = resolve(context.io.cwd, given);
  const stats = findStats(given, path);
  if (stats?.isDirectory() || (stats === undefined && !/\.tar$/i.test(given))) {
    checkDirectory(given, format, stats !== undefined);
    checkLayoutDirectory(path);
    return { kind: 'directory', given, path };
  }
  if (!/\.tar$/i.test(given)) {
    throw new EcrpError('CONFLICT', `${given}: a file is there`, {
      hint: 'Name a file that ends in .tar, or a directory.',
    });
  }
  return { kind: 'file', given, format: format ?? 'oci', target: await findTarget(given, path) };
}

function readStream({ io, style }: CommandContext, format: PullFormat | undefined): Destination {
  if (format === 'oci') {
    throw usage('standard output gets a docker-archive, not --format oci', 'Name a file that ends in .tar.');
  }
  if (style.json) {
    throw usage(
      'standard output gets the image, so it cannot get --json',
      'Leave out --json, or name a file.',
    );
  }
  if (io.stdout.isTTY) {
    throw usage(
      'standard output is a terminal, which cannot show an image',
      'Add | docker load, or name a file.',
    );
  }
  return { kind: 'stream', given: '-' };
}

function findStats(given: string, path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (findErrorCode(error) === 'ENOENT') return undefined;
    throw refuseUnwritable(given, error);
  }
}

function checkDirectory(given: string, format: PullFormat | undefined, isThere: boolean): void {
  const [, bare] = COMPRESSED.exec(given) ?? [];
  if (!isThere && bare !== undefined) {
    throw usage(
      `${given}: ecrp writes no compressed tar`,
      `Name ${quoteForShell(`${bare}.tar`)} and compress it afterwards, or pipe: ecrp pull REFERENCE - | gzip`,
    );
  }
  if (format !== 'docker-archive') return;
  const file = isThere ? join(given, 'image.tar') : `${given.replace(/\/+$/, '')}.tar`;
  throw usage(
    `${given}: a docker-archive is a file that ends in .tar`,
    `Name ${quoteForShell(file)}, or - for standard output.`,
  );
}

async function findTarget(given: string, path: string): Promise<OutputTarget> {
  let target: OutputTarget;
  try {
    target = await checkOutputFile(path);
  } catch (error) {
    throw refuseUnwritable(given, error);
  }
  if (target.kind === 'missing' || target.kind === 'regular') return target;
  throw usage(
    `${given}: no regular file, so the tar cannot be written there as a whole`,
    'Give - for a stream.',
  );
}

function refuseUnwritable(given: string, cause: unknown): EcrpError {
  return new EcrpError('INVALID_INPUT', `${given} cannot be written: ${describeFileError(cause)}`, {
    hint: 'Name a path in a directory that exists and that you may write to.',
    cause,
  });
}

function usage(message: string, hint: string): EcrpError {
  return new EcrpError('USAGE', message, { hint });
}
