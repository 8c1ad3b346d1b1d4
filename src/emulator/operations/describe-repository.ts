import type { ValueOf } from '../../wire/operations.ts';
import { findPrimaryAlias } from '../registry-identity.ts';
import type { StoredRepository } from '../storage/model.ts';
import type { OperationContext } from './context.ts';
import { formatRepositoryArn } from './repository-arn.ts';
import { formatSeconds } from './timestamps.ts';

/** The repository as responses have it. Its URI names the emulator's own host, so that a client can pull from there. */
export function describeRepository(
  context: OperationContext,
  repository: StoredRepository,
): ValueOf<'Repository'> {
  const { registryId } = context.registry;
  return {
    repositoryArn: formatRepositoryArn(registryId, repository.name),
    registryId,
    repositoryName: repository.name,
    repositoryUri: `${context.registryHost}/${findPrimaryAlias(context.registry)}/${repository.name}`,
    createdAt: formatSeconds(repository.createdAt),
  };
}
