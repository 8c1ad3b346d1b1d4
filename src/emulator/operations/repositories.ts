import type { ValueOf } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import { findPrimaryAlias } from '../served-registry.ts';
import { ServiceError } from '../service-error.ts';
import type { StoredRepository } from '../storage/model.ts';
import { acceptCatalogData, describeCatalogData } from './catalog-data.ts';
import {
  findRepository,
  type Handler,
  type Handlers,
  type OperationContext,
  toEpochSeconds,
} from './context.ts';
import { forbidPaging, paginate } from './paginate.ts';
import { mergeResourceTags } from './resource-tags.ts';

const createRepository: Handler<'CreateRepository'> = (context, input) => {
  const name = input.repositoryName;
  const { catalogData, logo } = acceptCatalogData(input.catalogData ?? {});
  const resourceTags = mergeResourceTags(new Map(), input.tags ?? []);
  checkRepositoryIsNew(context, name);
  checkRepositoryCount(context);
  const repository = context.store.createRepository({ name, catalogData, logo, resourceTags });
  return {
    repository: describeRepository(context, repository),
    catalogData: describeCatalogData(context, repository.catalogData),
  };
};

/** Lists in the order of creation. One unknown name fails the call. */
const describeRepositories: Handler<'DescribeRepositories'> = (context, input) => {
  const describeNamed = (names: readonly string[]) =>
    names.map((repositoryName) => describeRepository(context, findRepository(context, { repositoryName })));
  if (input.repositoryNames !== undefined) {
    forbidPaging(input);
    return { repositories: describeNamed(input.repositoryNames) };
  }
  const { page, nextToken } = paginate(context.store.repositories.keys(), input, 'repositories');
  return { repositories: describeNamed(page), nextToken };
};

const deleteRepository: Handler<'DeleteRepository'> = (context, input) => {
  const repository = findRepository(context, input);
  checkRepositoryIsEmpty(context, repository, input.force);
  const described = describeRepository(context, repository);
  context.store.deleteRepository(repository.name);
  return { repository: described };
};

export const repositoryHandlers: Handlers<'CreateRepository' | 'DescribeRepositories' | 'DeleteRepository'> =
  {
    CreateRepository: createRepository,
    DescribeRepositories: describeRepositories,
    DeleteRepository: deleteRepository,
  };

/** Describes a repository as responses do. Its URI has the emulator's own host, so that clients can pull from it. */
function describeRepository(context: OperationContext, repository: StoredRepository): ValueOf<'Repository'> {
  const { registryId } = context.registry;
  return {
    repositoryArn: context.service.formatRepositoryArn(registryId, repository.name),
    registryId,
    repositoryName: repository.name,
    repositoryUri: `${context.registryHost}/${findPrimaryAlias(context.registry)}/${repository.name}`,
    createdAt: toEpochSeconds(repository.createdAt),
  };
}

/** Throws RepositoryAlreadyExistsException. */
export function checkRepositoryIsNew({ store, registry }: OperationContext, name: string): void {
  if (!store.repositories.has(name)) return;
  throw new ServiceError(
    'RepositoryAlreadyExistsException',
    `The repository with name '${name}' already exists in the registry with id '${registry.registryId}'`,
  );
}

/** Throws LimitExceededException when the registry takes no further repository. */
export function checkRepositoryCount({ service, store, registry }: OperationContext): void {
  const { maximumRepositories } = service;
  if (store.repositories.size < maximumRepositories) return;
  throw new ServiceError(
    'LimitExceededException',
    CHOICES.tooManyRepositoriesText.value(registry.registryId, maximumRepositories),
  );
}

/** Throws RepositoryNotEmptyException, unless the call forces the deletion. */
export function checkRepositoryIsEmpty(
  { registry }: OperationContext,
  { name, images }: StoredRepository,
  force: boolean | undefined,
): void {
  if (images.size === 0 || force === true) return;
  throw new ServiceError(
    'RepositoryNotEmptyException',
    `The repository with name '${name}' in registry with id '${registry.registryId}' cannot be deleted because it still contains images`,
  );
}
