import type { ValueOf } from '../../wire/values.ts';
import type { Repository } from '../storage/model.ts';
import type { OperationContext } from './context.ts';
import { formatSeconds } from './timestamps.ts';

/** The repository as responses have it. Its URI names the emulator's own host, so that a client can pull from there. */
export function describeRepository(context: OperationContext, repository: Repository): ValueOf<'Repository'> {
  const { registryId, registryAlias } = context.identity;
  return {
    repositoryArn: formatRepositoryArn(registryId, repository.name),
    registryId,
    repositoryName: repository.name,
    repositoryUri: `${context.registryHost}/${registryAlias}/${repository.name}`,
    createdAt: formatSeconds(repository.createdAt),
  };
}

/** Without a region, as recorded; see `CHOICES.repositoryArn`. */
function formatRepositoryArn(registryId: string, repositoryName: string): string {
  return `arn:aws:ecr-public::${registryId}:repository/${repositoryName}`;
}
