import { DescribeRegistriesCommand, type Registry as SdkRegistry } from '@aws-sdk/client-ecr-public';
import { collectPages, readList, readText } from './answers.ts';
import type { EcrClient } from './client.ts';

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
          items && {
            items: readList(items, 'registries').map(readRegistry),
            nextToken: readText(next, 'nextToken'),
          },
      },
      signal,
    ),
  );
  return registries[0];
}

function readRegistry(registry: SdkRegistry): Registry {
  const aliases = readList(registry.aliases, 'aliases').map((alias) => ({
    name: readText(alias.name, 'name') ?? '',
    status: readText(alias.status, 'status') ?? '',
    primaryRegistryAlias: alias.primaryRegistryAlias === true,
    defaultRegistryAlias: alias.defaultRegistryAlias === true,
  }));
  const active = aliases.filter((alias) => alias.status === 'ACTIVE');
  const shown =
    active.find((alias) => alias.primaryRegistryAlias) ??
    active.find((alias) => alias.defaultRegistryAlias) ??
    active[0];
  return {
    registryId: readText(registry.registryId, 'registryId') ?? '',
    registryArn: readText(registry.registryArn, 'registryArn') ?? '',
    registryUri: readText(registry.registryUri, 'registryUri') ?? '',
    verified: registry.verified === true,
    registryAlias: shown?.name,
    activeAliases: active.map((alias) => alias.name),
    aliases,
  };
}
