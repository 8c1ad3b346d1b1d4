import { groupDigits } from '../../../catalog/findings.ts';
import type { Repository, RepositorySettings } from '../../../ecr/repositories.ts';
import { listNames } from '../../../foreign-text.ts';
import { MAX_IMAGES_PER_REPOSITORY } from '../../../wire/limits.ts';
import { formatFields, formatTable } from '../../format.ts';
import { findGalleryPage } from '../../gallery-page.ts';
import type { ResultMembers } from '../../output.ts';

/** Members of a repository for JSON, named as in the API. `createdAt` is RFC 3339. */
export function listMembers(repository: Repository): ResultMembers {
  const { repositoryName, repositoryArn, registryId, repositoryUri, createdAt, settings } = repository;
  return {
    repositoryName,
    repositoryArn,
    registryId,
    repositoryUri,
    createdAt: createdAt?.toISOString(),
    galleryUrl: findGalleryPage(repository),
    ...(settings && listSettings(settings)),
  };
}

/** Names and nesting as in the API. */
function listSettings(settings: RepositorySettings): ResultMembers {
  const { imageTagMutability, imageTagMutabilityExclusionFilters: filters, scanOnPush } = settings;
  const { encryptionType, kmsKey } = settings;
  return {
    imageTagMutability,
    ...(filters.length > 0 && {
      imageTagMutabilityExclusionFilters: filters.map(({ filterType, filter }) => ({ filterType, filter })),
    }),
    imageScanningConfiguration: scanOnPush === undefined ? undefined : { scanOnPush },
    encryptionConfiguration: encryptionType === undefined ? undefined : { encryptionType, kmsKey },
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
    ['image tags', repository.settings && describeMutability(repository.settings)],
    ['scanned', describeScanning(repository.settings)],
    ['encryption', repository.settings && describeEncryption(repository.settings)],
    ['images', imageCount === undefined ? undefined : `${groupDigits(imageCount)} ${quota}`],
  ]);
}

/** `immutable, except for latest, dev-*`. */
function describeMutability(settings: RepositorySettings): string | undefined {
  const { imageTagMutability, imageTagMutabilityExclusionFilters: filters } = settings;
  const word = imageTagMutability?.replace(/_WITH_EXCLUSION$/, '').toLowerCase();
  const others = listNames(filters.map(({ filter }) => filter));
  return word !== undefined && others !== '' ? `${word}, except for ${others}` : word;
}

function describeScanning(settings: RepositorySettings | undefined): string | undefined {
  if (settings?.scanOnPush === undefined) return undefined;
  return settings.scanOnPush ? 'when an image is pushed' : 'not by a setting of the repository';
}

function describeEncryption({ encryptionType, kmsKey }: RepositorySettings): string | undefined {
  return kmsKey === undefined ? encryptionType : `${encryptionType} ${kmsKey}`;
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
