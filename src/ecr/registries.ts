import { DescribeRegistriesCommand, type Registry as SdkRegistry } from '@aws-sdk/client-ecr-public';
import { collectPages, readList, readText } from './answers.ts';
import { type EcrClient, requirePublic } from './client.ts';

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
  /** The alias to show in references: the primary one, else the default. A registry without repositories has none. */
  readonly registryAlias: string | undefined;
  /** Every ACTIVE alias: references may use any of them. */
  readonly activeAliases: readonly string[];
  readonly aliases: readonly RegistryAlias[];
}

/** Describes the caller's own registry. Returns undefined when the account has none yet. */
export async function describeRegistry(
  client: EcrClient,
  signal: AbortSignal,
): Promise<Registry | undefined> {
  return (await listRegistries(client, signal))[0];
}

/** Lists the caller's registries. So far an account has one, or none before its first repository. */
export async function listRegistries(client: EcrClient, signal: AbortSignal): Promise<readonly Registry[]> {
  return collectPages(undefined, (_ids, nextToken) =>
    client.call(
      {
        operation: 'DescribeRegistries',
        send: (abortSignal) =>
          requirePublic(client).send(new DescribeRegistriesCommand({ nextToken }), { abortSignal }),
        read: ({ registries: items, nextToken: next }) =>
          items && {
            items: readList(items, 'registries').map(readRegistry),
            nextToken: readText(next, 'nextToken'),
          },
      },
      signal,
    ),
  );
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
