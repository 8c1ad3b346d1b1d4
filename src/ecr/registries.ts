import { DescribeRegistriesCommand, type Registry as SdkRegistry } from '@aws-sdk/client-ecr-public';
import type { EcrClient } from './client.ts';
import { collectPages } from './pages.ts';

export interface RegistryAlias {
  readonly name: string;
  readonly status: string;
  readonly primaryRegistryAlias: boolean;
  readonly defaultRegistryAlias: boolean;
}

export interface Registry {
  readonly registryId: string;
  readonly registryArn: string;
  readonly registryUri: string;
  readonly verified: boolean;
  /** The alias to show in a reference: the primary one, else the default; none before the first repository. */
  readonly registryAlias: string | undefined;
  /** The names that references may have it by: every alias that is ACTIVE. */
  readonly activeAliases: readonly string[];
  readonly aliases: readonly RegistryAlias[];
}

/** The caller's own registry; undefined when the account has none yet. */
export async function describeRegistry(
  client: EcrClient,
  signal: AbortSignal,
): Promise<Registry | undefined> {
  const registries = await collectPages(undefined, (_ids, nextToken) =>
    client.call(
      {
        operation: 'DescribeRegistries',
        send: (abortSignal) => client.sdk.send(new DescribeRegistriesCommand({ nextToken }), { abortSignal }),
        read: ({ registries: items, nextToken: next }) =>
          items && { items: items.map(readRegistry), nextToken: next },
      },
      signal,
    ),
  );
  return registries[0];
}

function readRegistry(registry: SdkRegistry): Registry {
  const aliases = (registry.aliases ?? []).map((alias) => ({
    name: alias.name ?? '',
    status: alias.status ?? '',
    primaryRegistryAlias: alias.primaryRegistryAlias ?? false,
    defaultRegistryAlias: alias.defaultRegistryAlias ?? false,
  }));
  const active = aliases.filter((alias) => alias.status === 'ACTIVE');
  const shown =
    active.find((alias) => alias.primaryRegistryAlias) ??
    active.find((alias) => alias.defaultRegistryAlias) ??
    active[0];
  return {
    registryId: registry.registryId ?? '',
    registryArn: registry.registryArn ?? '',
    registryUri: registry.registryUri ?? '',
    verified: registry.verified ?? false,
    registryAlias: shown?.name,
    activeAliases: active.map((alias) => alias.name),
    aliases,
  };
}
