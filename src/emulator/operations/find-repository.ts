import { CHOICES } from '../choices.ts';
import { ServiceError } from '../service-error.ts';
import type { Repository } from '../storage/model.ts';
import { repositoryNotFound } from '../texts.ts';
import type { OperationContext } from './context.ts';

interface Target {
  readonly registryId?: string | undefined;
  readonly repositoryName: string;
}

/** The repository of an operation that takes the account's 12 digits only. Throws RepositoryNotFoundException. */
export function findRepository(context: OperationContext, target: Target): Repository {
  const { registryId: ownId } = context.identity;
  const registryId = target.registryId ?? ownId;
  const repository = registryId === ownId ? context.store.repositories.get(target.repositoryName) : undefined;
  if (repository === undefined) throw repositoryNotFound(target.repositoryName, registryId);
  return repository;
}

/** The repository of an operation that takes an alias as well. Throws RepositoryNotFoundException. */
export function findRepositoryByAlias(context: OperationContext, target: Target): Repository {
  return findRepository(context, { ...target, registryId: resolveAlias(context, target.registryId) });
}

/** The repository of one of the five push operations. Throws RegistryNotFoundException or RepositoryNotFoundException. */
export function findPushTarget(context: OperationContext, target: Target): Repository {
  const registryId = resolveAlias(context, target.registryId) ?? context.identity.registryId;
  if (registryId !== context.identity.registryId) {
    throw new ServiceError('RegistryNotFoundException', CHOICES.registryNotFoundText.value(registryId));
  }
  return findRepository(context, target.registryId === undefined ? target : { ...target, registryId });
}

function resolveAlias(context: OperationContext, registryId: string | undefined): string | undefined {
  return registryId === context.identity.registryAlias ? context.identity.registryId : registryId;
}
