import type { Repository } from '../../../ecr/repositories.ts';
import { formatFields, formatTable } from '../../format.ts';
import type { ResultMembers } from '../../output.ts';

/** Members of a repository for JSON, named as in the API. `createdAt` is RFC 3339. */
export function listMembers(repository: Repository): ResultMembers {
  const { repositoryName, repositoryArn, registryId, repositoryUri, createdAt } = repository;
  return { repositoryName, repositoryArn, registryId, repositoryUri, createdAt: createdAt?.toISOString() };
}

export function viewRepository(repository: Repository): readonly string[] {
  return formatFields([
    ['repository', repository.repositoryName],
    ['uri', repository.repositoryUri],
    ['arn', repository.repositoryArn],
    ['registry', repository.registryId],
    ['created', repository.createdAt?.toISOString()],
  ]);
}

export function viewRepositories(repositories: readonly Repository[]): readonly string[] {
  if (repositories.length === 0) return [];
  const rows = repositories.map(({ repositoryName, repositoryUri, createdAt }) => [
    repositoryName,
    repositoryUri,
    createdAt?.toISOString().slice(0, 10) ?? '',
  ]);
  return formatTable(['REPOSITORY', 'URI', 'CREATED'], rows);
}
