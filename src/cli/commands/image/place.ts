import type { RepositoryAddress } from '../../../ecr/repositories.ts';
import { EcrpError } from '../../../errors.ts';
import { formatRepository, type RepositoryReference } from '../../../oci/reference.ts';
import { isRegistryId } from '../../../oci/repository-name.ts';
import type { CommandContext } from '../../command-context.ts';
import type { EcrSession } from '../../ecr-session.ts';
import { resolveRepository } from '../../own-registry.ts';
import { RegistryFinder } from '../../registry-finder.ts';

/** A repository in the paths of its registry. */
export interface NamedRepository extends RepositoryReference {
  /** `ALIAS/REPOSITORY`, in private ECR `REPOSITORY` */
  readonly repositoryPath: string;
}

/** Finds the alias of the caller's registry where the reference leaves it open. Undefined if it is unknown. Private ECR has no aliases. */
export async function nameRepository(
  context: CommandContext,
  session: EcrSession,
  reference: RepositoryReference,
): Promise<NamedRepository | undefined> {
  const { registryHost, repositoryName, privateRegistry } = reference;
  if (privateRegistry !== undefined) {
    return { registryHost, repositoryName, privateRegistry, repositoryPath: repositoryName };
  }
  const registryAlias = await new RegistryFinder(context, session, reference).findAlias();
  if (registryAlias === undefined) return undefined;
  return {
    registryHost,
    registryAlias,
    repositoryName,
    privateRegistry,
    repositoryPath: `${registryAlias}/${repositoryName}`,
  };
}

/** The same for what is read through the registry. Throws NOT_FOUND if the alias is unknown. */
export async function requireNamedRepository(
  context: CommandContext,
  session: EcrSession,
  reference: RepositoryReference,
): Promise<NamedRepository> {
  const named = await nameRepository(context, session, reference);
  if (named !== undefined) return named;
  const { registryHost, repositoryName } = reference;
  throw new EcrpError('NOT_FOUND', `${formatRepository(reference)}: the alias of the registry is unknown`, {
    hint: `Write the whole reference: ${registryHost}/ALIAS/${repositoryName}.`,
  });
}

/**
 * Finds the address for the API of a repository that is only read. Undefined if the registry is not the caller's, or if the caller may not
 * ask whose it is: only `/v2/` describes it then.
 */
export async function findReadableAddress(
  session: EcrSession,
  reference: RepositoryReference,
  signal: AbortSignal,
): Promise<RepositoryAddress | undefined> {
  try {
    return await resolveRepository(session, reference, signal);
  } catch (error) {
    const { registryAlias } = reference;
    const isForeign = registryAlias !== undefined && !isRegistryId(registryAlias);
    if (isForeign && error instanceof EcrpError && error.code === 'AUTH') return undefined;
    throw error;
  }
}
