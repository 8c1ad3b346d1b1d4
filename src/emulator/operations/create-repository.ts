import { CHOICES } from '../choices.ts';
import { ServiceError } from '../service-error.ts';
import { describeCatalogData, readCatalogData } from './catalog-data.ts';
import type { Handler } from './context.ts';
import { describeRepository } from './describe-repository.ts';
import { mergeResourceTags } from './resource-tags.ts';

export const createRepository: Handler<'CreateRepository'> = (context, input) => {
  const { store, registry } = context;
  const name = input.repositoryName;
  const { catalogData, logo } = readCatalogData(input.catalogData ?? {});
  const resourceTags = mergeResourceTags(new Map(), input.tags ?? []);
  if (store.repositories.has(name)) {
    throw new ServiceError(
      'RepositoryAlreadyExistsException',
      `The repository with name '${name}' already exists in the registry with id '${registry.registryId}'`,
    );
  }
  if (store.repositories.size >= CHOICES.maximumRepositories.value) {
    throw new ServiceError(
      'LimitExceededException',
      CHOICES.tooManyRepositoriesText.value(registry.registryId, CHOICES.maximumRepositories.value),
    );
  }
  const repository = store.createRepository({ name, catalogData, logo, resourceTags });
  return {
    repository: describeRepository(context, repository),
    catalogData: describeCatalogData(context, repository.catalogData),
  };
};
