import { loadSharedConfig } from '../../../ecr/shared-config.ts';
import type { Io } from '../../../io.ts';
import { parsePrivateHost } from '../../../oci/private-host.ts';
import { findCacheDirectory, lookForDockerConfig } from '../../directories.ts';
import type { GlobalOptions } from '../../options.ts';
import {
  findRegistryHost,
  findRegistryHosts,
  listRegistryNames,
  type ServicePlace,
} from '../../service-address.ts';
import type { Cursor } from './cursor.ts';
import { findArgumentKind, type ValueKind } from './value-kinds.ts';

/** Suggests names of a kind that this machine or the registry knows. Throws any error. */
export async function suggestNames(kind: ValueKind, place: Cursor, io: Io): Promise<readonly string[]> {
  const { current, values } = place;
  const service: ServicePlace = { io, options: readServiceOptions(values) };
  switch (kind) {
    case 'profile':
      return (await loadSharedConfig(io.env)).profileNames;
    case 'registry-host':
      return listRegistryNames(findRegistryHost(service));
    case 'login-host':
      return [...listRegistryNames(findRegistryHost(service)), ...(await listPrivateHosts(service))];
    case 'repository':
      return (await import('./registry-candidates.ts')).suggestRepositories(service, current);
    case 'reference':
      return (await import('./registry-candidates.ts')).suggestReferences(service, current);
    case 'tag': {
      const repository = findRepositoryOperand(place);
      if (repository === undefined) return [];
      return (await import('./registry-candidates.ts')).suggestTags(service, repository, current);
    }
    default:
      return [];
  }
}

/** Lists the private registries that docker's configuration names, and those that our credential helper has a token for. */
async function listPrivateHosts(service: ServicePlace): Promise<readonly string[]> {
  const [{ readConfigFile }, { reduceToHost }, { listTokenHosts }] = await Promise.all([
    import('../../../docker/config-file.ts'),
    import('../../../docker/helper-protocol.ts'),
    import('../../token-cache.ts'),
  ]);
  const directory = lookForDockerConfig(service.io);
  // A config that docker cannot read names none.
  const file = directory === undefined ? undefined : await readConfigFile(directory).catch(() => undefined);
  const named = [...(file?.config.auths.keys() ?? []), ...(file?.config.credHelpers.keys() ?? [])].map(
    reduceToHost,
  );
  const hosts = [...named, ...listTokenHosts(findCacheDirectory(service.io))];
  const { privateHost } = findRegistryHosts(service);
  return [...new Set(hosts)].filter((host) => parsePrivateHost(host, privateHost) !== undefined);
}

/** The options that say where the service is, as far as they were typed. */
function readServiceOptions(values: ReadonlyMap<string, string>): ServicePlace['options'] {
  const read = (name: string) => values.get(name) || undefined;
  const [endpointUrl, region] = [read('--endpoint-url'), read('--region')];
  const [profile, registryHost] = [read('--profile'), read('--registry-host')];
  return {
    ...(endpointUrl !== undefined && { endpointUrl }),
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(registryHost !== undefined && { registryHost }),
  } satisfies Partial<GlobalOptions>;
}

/** The repository that an earlier argument names, without its tag. */
function findRepositoryOperand({ command, operands }: Cursor): string | undefined {
  const position = command.registeredArguments.findIndex((argument) =>
    ['reference', 'repository'].includes(findArgumentKind(argument) ?? ''),
  );
  return operands[position]?.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}
