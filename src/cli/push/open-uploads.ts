import { join } from 'node:path';
import type { UploadTarget } from '../../push/upload-record.ts';
import { openUploadStore, type UploadStore } from '../../push/upload-store.ts';
import type { CommandContext } from '../command-context.ts';
import { findStateDirectory } from '../directories.ts';

/** Where the records of interrupted uploads are. */
export function findUploadDirectory({ io }: Pick<CommandContext, 'io'>): string {
  return join(findStateDirectory(io), 'uploads');
}

/** The uploads of earlier pushes to a target; a directory that cannot be used is a warning. */
export function openUploads(
  context: CommandContext,
  endpoint: string,
  { registryAlias, repositoryName }: Omit<UploadTarget, 'endpoint'>,
): UploadStore {
  const directory = findUploadDirectory(context);
  return openUploadStore(directory, { endpoint, registryAlias, repositoryName }, (problem) => {
    const reason = problem instanceof Error ? problem.message : String(problem);
    context.messages.warn(
      `uploads cannot be kept in ${directory}, so this push cannot be gone on with after an interruption: ${reason}`,
    );
  });
}
