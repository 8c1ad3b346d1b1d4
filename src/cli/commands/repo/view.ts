import { groupDigits } from '../../../catalog/findings.ts';
import type { Repository } from '../../../ecr/repositories.ts';
import { MAX_IMAGES_PER_REPOSITORY } from '../../../wire/limits.ts';
import { formatFields, formatTable } from '../../format.ts';
import { findGalleryPage } from '../../gallery-page.ts';
import type { ResultMembers } from '../../output.ts';

/** Members of a repository for JSON, named as in the API. `createdAt` is RFC 3339. */
export function listMembers(repository: Repository): ResultMembers {
  const { repositoryName, repositoryArn, registryId, repositoryUri, createdAt } = repository;
  return {
    repositoryName,
    repositoryArn,
    registryId,
    repositoryUri,
    createdAt: createdAt?.toISOString(),
    galleryUrl: findGalleryPage(repository),
  };
}

export function viewRepository(repository: Repository, imageCount: number | undefined): readonly string[] {
  const quota = `of ${groupDigits(MAX_IMAGES_PER_REPOSITORY)}, the quota unless AWS has raised it`;
  return formatFields([
    ['repository', repository.repositoryName],
    ['uri', repository.repositoryUri],
    ['arn', repository.repositoryArn],
    ['registry', repository.registryId],
    ['created', repository.createdAt?.toISOString()],
    ['gallery', findGalleryPage(repository)],
    ['images', imageCount === undefined ? undefined : `${groupDigits(imageCount)} ${quota}`],
  ]);
}

export function viewRepositories(
  repositories: readonly Repository[],
  width: number | undefined,
): readonly string[] {
  if (repositories.length === 0) return [];
  const rows = repositories.map(({ repositoryName, repositoryUri, createdAt }) => [
    repositoryName,
    repositoryUri,
    createdAt?.toISOString().slice(0, 10) ?? '',
  ]);
  return formatTable(['REPOSITORY', 'URI', 'CREATED'], rows, width);
}
