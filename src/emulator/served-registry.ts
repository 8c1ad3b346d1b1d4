import type { RegistryIdentity } from './registry-identity.ts';
import type { Store } from './storage/store.ts';

/** A registry and its contents. */
export interface ServedRegistry {
  readonly registry: RegistryIdentity;
  readonly store: Store;
}

/** By the account's 12 digits. */
export function findRegistryById(
  registries: readonly ServedRegistry[],
  registryId: string,
): ServedRegistry | undefined {
  return registries.find(({ registry }) => registry.registryId === registryId);
}

/** Finds a registry by an ACTIVE alias; pending and rejected aliases match nothing. */
export function findRegistryByAlias(
  registries: readonly ServedRegistry[],
  alias: string,
): ServedRegistry | undefined {
  return registries.find(({ registry }) =>
    registry.aliases.some(({ name, status }) => name === alias && status === 'ACTIVE'),
  );
}
