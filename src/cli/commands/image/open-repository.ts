import type { RepositoryReference } from '../../../oci/reference.ts';
import type { CommandContext } from '../../command-context.ts';
import type { EcrSession } from '../../ecr-session.ts';
import { requireNamedRepository } from './place.ts';
import { openRepository, type RepositoryReader } from './reading.ts';

/**
 * Opens the repository that a reference names: of ECR Public through `/v2/`, of private ECR through its API. Throws NOT_FOUND if the alias of the
 * caller's registry is unknown.
 */
export async function openNamedRepository(
  context: CommandContext,
  session: EcrSession,
  reference: RepositoryReference,
): Promise<RepositoryReader> {
  const { privateRegistry } = reference;
  if (privateRegistry === undefined) {
    return openRepository(context, session, await requireNamedRepository(context, session, reference));
  }
  const { openPrivateRepository } = await import('./private-reading.ts');
  return openPrivateRepository(context, session, { ...reference, privateRegistry });
}
