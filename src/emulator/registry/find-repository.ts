import type { ServedRegistry } from '../served-registry.ts';
import type { StoredRepository } from '../storage/model.ts';
import { repositoryUnknown } from './registry-error.ts';

/** Splits `<alias>/<repository>`, the name in a path, at its first slash. */
export function splitName(name: string): { readonly alias: string; readonly repositoryName: string } {
  const slash = name.indexOf('/');
  return slash === -1
    ? { alias: name, repositoryName: '' }
    : { alias: name.slice(0, slash), repositoryName: name.slice(slash + 1) };
}

/** The repository of a path's name, in the registry of its alias. Throws NAME_UNKNOWN for one that is not there. */
export function findRepository({ store }: ServedRegistry, name: string): StoredRepository {
  const { alias, repositoryName } = splitName(name);
  const repository = store.repositories.get(repositoryName);
  if (repository === undefined) throw repositoryUnknown(repositoryName, alias);
  return repository;
}
