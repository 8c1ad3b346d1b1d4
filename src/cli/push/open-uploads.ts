import { join } from 'node:path';
import { describeFileError } from '../../files/file-errors.ts';
import type { UploadTarget } from '../../push/upload-record.ts';
import { openUploadStore, type UploadStore } from '../../push/upload-store.ts';
import type { CommandContext } from '../command-context.ts';
import { findStateDirectory } from '../directories.ts';

/** Where the records of interrupted uploads are; undefined when nothing names a place. */
export function findUploadDirectory({ io }: Pick<CommandContext, 'io'>): string | undefined {
  const state = findStateDirectory(io);
  return state && join(state, 'uploads');
}

/** The uploads of earlier pushes to a target; no directory, and one that cannot be used, is a warning. */
export function openUploads(
  context: CommandContext,
  endpoint: string,
  { registryAlias, repositoryName }: Omit<UploadTarget, 'endpoint'>,
): UploadStore | undefined {
  const directory = findUploadDirectory(context);
  if (directory === undefined) {
    context.messages.warn(
      'this push cannot be resumed after an interruption: there is no home directory; ECRP_STATE_DIR can name another place',
    );
    return undefined;
  }
  return openUploadStore(directory, { endpoint, registryAlias, repositoryName }, (problem) => {
    context.messages.warn(
      `uploads cannot be kept in ${directory}, so this push cannot be resumed after an interruption: ${describeFileError(problem)}`,
    );
  });
}
