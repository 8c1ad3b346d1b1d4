import { ServiceError } from '../service-error.ts';
import type { Handler } from './context.ts';
import { describeRepository } from './describe-repository.ts';
import { findRepository } from './find-repository.ts';

export const deleteRepository: Handler<'DeleteRepository'> = (context, input) => {
  const repository = findRepository(context, input);
  if (repository.images.size > 0 && input.force !== true) {
    throw new ServiceError(
      'RepositoryNotEmptyException',
      `The repository with name '${repository.name}' in registry with id '${context.registry.registryId}' cannot be deleted because it still contains images`,
    );
  }
  const described = describeRepository(context, repository);
  context.store.deleteRepository(repository.name);
  return { repository: described };
};
