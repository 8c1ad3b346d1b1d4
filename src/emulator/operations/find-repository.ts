import type { StoredRepository } from '../storage/model.ts';
import { repositoryNotFound } from '../texts.ts';
import type { OperationContext } from './context.ts';

/** A repository of the registry that the call acts on. Throws RepositoryNotFoundException. */
export function findRepository(
  { store, registry }: OperationContext,
  { repositoryName }: { readonly repositoryName: string },
): StoredRepository {
  const repository = store.repositories.get(repositoryName);
  if (repository === undefined) throw repositoryNotFound(repositoryName, registry.registryId);
  return repository;
}
