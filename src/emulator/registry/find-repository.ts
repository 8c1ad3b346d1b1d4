import type { OperationContext } from '../operations/context.ts';
import type { Repository } from '../storage/model.ts';
import { repositoryUnknown } from './registry-error.ts';

/** Splits `<alias>/<repository>`, the name in a path, at its first slash. */
export function splitName(name: string): { readonly alias: string; readonly repositoryName: string } {
  const slash = name.indexOf('/');
  return slash === -1
    ? { alias: name, repositoryName: '' }
    : { alias: name.slice(0, slash), repositoryName: name.slice(slash + 1) };
}

/** Throws NAME_UNKNOWN for a repository or an alias that is not there. */
export function findRepository({ store, identity }: OperationContext, name: string): Repository {
  const { alias, repositoryName } = splitName(name);
  const repository = alias === identity.registryAlias ? store.repositories.get(repositoryName) : undefined;
  if (repository === undefined) throw repositoryUnknown(repositoryName, alias);
  return repository;
}
