import { withDeadline } from '../../../async/abort.ts';
import type { EcrClient } from '../../../ecr/client.ts';
import { findFreeCredentials } from '../../../ecr/credentials/free-credentials.ts';
import type { AwsCredentials } from '../../../ecr/credentials/source.ts';
import { listImageTagPages } from '../../../ecr/images.ts';
import { createEcrClient } from '../../../ecr/public/client.ts';
import { listRepositories } from '../../../ecr/repositories.ts';
import { findCaBundle } from '../../../ecr/shared-config.ts';
import type { Environment, Io } from '../../../io.ts';
import { type PrivateRegistry, parsePrivateHost } from '../../../oci/private-host.ts';
import { findCacheDirectory } from '../../directories.ts';
import { parseDuration } from '../../options.ts';
import { addressPrivate } from '../../own-registry.ts';
import {
  findEndpoint,
  findPrivateEndpoint,
  findRegistryHost,
  findRegistryHosts,
  type ServicePlace,
} from '../../service-address.ts';
import { readSuggestions, type SuggestionKey, writeSuggestions } from './suggestion-cache.ts';

/** Longest wait for the service: a person is waiting at the prompt. ECRP_COMPLETION_TIMEOUT changes it. */
const DEFAULT_TIMEOUT = '1s';

type Ask = (client: EcrClient, signal: AbortSignal) => Promise<readonly string[]>;

/**
 * Suggests repositories that begin with `current`: of the caller's own registry by name, or by URI where `current` begins with the registry
 * host; of a private registry where `current` begins with its host.
 */
export async function suggestRepositories(place: ServicePlace, current: string): Promise<readonly string[]> {
  const registry = findPrivateRegistry(place, current);
  if (registry !== undefined) {
    const names = await listPrivateNames(place, registry);
    return names.filter((name) => name.startsWith(current));
  }
  const host = `${findRegistryHost(place)}/`;
  const isHost = current !== '' && (host.startsWith(current) || current.startsWith(host));
  const uris = await listUris(place);
  const names = isHost ? [...uris, ...uris.map(nameOf)] : uris.map(nameOf);
  return names.filter((name) => name.startsWith(current));
}

/** Suggests `REPO:TAG` for a text that ends in the beginning of a tag. */
export async function suggestReferences(place: ServicePlace, current: string): Promise<readonly string[]> {
  const colon = current.lastIndexOf(':');
  if (colon <= current.lastIndexOf('/')) return suggestRepositories(place, current);
  const repository = current.slice(0, colon);
  const tags = await suggestTags(place, repository, current.slice(colon + 1));
  return tags.map((tag) => `${repository}:${tag}`);
}

/** Suggests tags of a repository, by name or URI, that begin with `current`. */
export async function suggestTags(
  place: ServicePlace,
  repository: string,
  current: string,
): Promise<readonly string[]> {
  const registry = findPrivateRegistry(place, repository);
  if (registry !== undefined) return suggestPrivateTags(place, registry, repository, current);
  // Only a repository of the caller's own registry: the operation takes no alias.
  const uri = (await listUris(place)).find((each) => each === repository || nameOf(each) === repository);
  if (uri === undefined) return [];
  const repositoryName = nameOf(uri);
  const tags = await suggest(place, `tags of ${repositoryName}`, async (client, signal) => {
    // A thousand of them: more would take too long, and nobody reads so many.
    for await (const page of listImageTagPages(client, { repositoryName }, signal)) {
      return page.map(({ imageTag }) => imageTag);
    }
    return [];
  });
  return tags.filter((tag) => tag.startsWith(current));
}

/** The private registry that a text begins with the whole host of. */
function findPrivateRegistry(place: ServicePlace, text: string): PrivateRegistry | undefined {
  const slash = text.indexOf('/');
  if (slash === -1) return undefined;
  return parsePrivateHost(text.slice(0, slash), findRegistryHosts(place).privateHost);
}

/** Lists `HOST/NAME` of the repositories of a private registry. */
async function listPrivateNames(place: ServicePlace, registry: PrivateRegistry): Promise<readonly string[]> {
  const { registryHost, registryId } = registry;
  const subject = `repositories of ${registryHost}`;
  return suggest(
    place,
    subject,
    async (client, signal) => {
      const found = await listRepositories(client, signal, registryId);
      return found.map(({ repositoryName }) => `${registryHost}/${repositoryName}`);
    },
    registry,
  );
}

async function suggestPrivateTags(
  place: ServicePlace,
  registry: PrivateRegistry,
  name: string,
  current: string,
): Promise<readonly string[]> {
  if (!(await listPrivateNames(place, registry)).includes(name)) return [];
  const address = addressPrivate(name.slice(registry.registryHost.length + 1), registry);
  const subject = `tags of ${name}`;
  const tags = await suggest(
    place,
    subject,
    async (client, signal) => {
      const { listTagged } = await import('../../../ecr/private/source/list-tagged.ts');
      for await (const page of listTagged({ client, address, name }, signal)) {
        return page.map(({ imageTag }) => imageTag);
      }
      return [];
    },
    registry,
  );
  return tags.filter((tag) => tag.startsWith(current));
}

function listUris(place: ServicePlace): Promise<readonly string[]> {
  return suggest(place, 'repositories', async (client, signal) =>
    (await listRepositories(client, signal)).map(({ repositoryUri }) => repositoryUri),
  );
}

/** `HOST/ALIAS/NAME` without its first two parts. */
function nameOf(uri: string): string {
  return uri.split('/').slice(2).join('/');
}

/** Returns names of the cache, else asks the service. None without credentials that cost nothing. Throws any error. */
async function suggest(
  place: ServicePlace,
  subject: string,
  ask: Ask,
  registry?: PrivateRegistry,
): Promise<readonly string[]> {
  const { io, options } = place;
  const credentials = await findFreeCredentials(options.profile, io.env);
  if (credentials === undefined) return [];
  const endpoint = await (registry === undefined
    ? findEndpoint(place)
    : findPrivateEndpoint(place, registry));
  const key: SuggestionKey = { endpoint: endpoint.id, accessKeyId: credentials.accessKeyId, subject };
  const directory = findCacheDirectory(io);
  const saved = directory === undefined ? undefined : readSuggestions(directory, key);
  if (saved !== undefined) return saved;
  const timeoutMs = parseDuration(io.env.ECRP_COMPLETION_TIMEOUT || DEFAULT_TIMEOUT);
  const createClient =
    registry === undefined
      ? createEcrClient
      : (await import('../../../ecr/private/client.ts')).createPrivateClient;
  const client = createClient({
    endpointUrl: endpoint.url,
    region: endpoint.region,
    env: await makeEnvironment(place, credentials),
    retryBudgetMs: timeoutMs,
  });
  try {
    const names = await withDeadline(io.signal, timeoutMs, (signal) => ask(client, signal));
    if (directory !== undefined) writeSuggestions(directory, key, names);
    return names;
  } finally {
    client.close();
  }
}

/** Makes an environment with these keys, so that the client looks for no others. */
async function makeEnvironment(
  { io, options }: { readonly io: Io; readonly options: ServicePlace['options'] },
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
): Promise<Environment> {
  const bundle = await findCaBundle(options.profile, io.env);
  return {
    ...io.env,
    AWS_PROFILE: undefined,
    AWS_DEFAULT_PROFILE: undefined,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_CA_BUNDLE: bundle?.path,
  };
}
