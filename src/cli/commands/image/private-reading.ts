import { createPrivateRemote } from '../../../ecr/private/source/private-remote.ts';
import type { CommandContext } from '../../command-context.ts';
import type { EcrSession } from '../../ecr-session.ts';
import { locatePrivate, type PrivateReference } from '../../private-place.ts';
import { prepareReading, type RepositoryReader, refuseManifest } from './reading.ts';

/** Opens a repository of private ECR for reading through its API, in the session of the command: with the permissions of `docker pull`. */
export function openPrivateRepository(
  context: CommandContext,
  session: EcrSession,
  repository: PrivateReference,
): RepositoryReader {
  const place = locatePrivate(session, repository);
  const { name } = place;
  const { signal } = context.io;
  const remote = createPrivateRemote({
    ...place,
    reading: prepareReading(context),
    close: () => undefined,
  });
  return {
    name,
    findManifest: (reference) => remote.readManifest(reference, signal),
    async readManifest(reference) {
      const found = await remote.readManifest(reference, signal);
      if (found !== undefined) return found;
      throw refuseManifest(name, reference);
    },
    readBlob: (content, maxBytes) => remote.readBlob(content, maxBytes, signal),
  };
}
