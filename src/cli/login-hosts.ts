import { reduceToHost } from '../docker/helper-protocol.ts';
import type { Endpoint } from '../ecr/endpoint.ts';
import { EcrpError } from '../errors.ts';
import { parsePrivateHost } from '../oci/private-host.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import type { CommandContext } from './command-context.ts';
import { quoteAddress } from './options.ts';
import {
  chooseRegistryHosts,
  findEndpoint,
  findPrivateEndpoint,
  findRegistryHosts,
  requireRegistryHost,
} from './service-address.ts';

/** A host of ECR Public or of private ECR. `withEcr` takes it as the place to talk to. */
export type LoginHost = Pick<RepositoryReference, 'registryHost' | 'privateRegistry'>;

/** Reads a host of a private registry. Undefined for any other host. Throws USAGE as `findRegistryHosts` does. */
export function findPrivateHost(context: CommandContext, host: string): LoginHost | undefined {
  // First without the settings: AWS's own hosts work even if a variable for an emulator is wrong.
  const registry = parsePrivateHost(host) ?? parsePrivateHost(host, findRegistryHosts(context).privateHost);
  return registry && { registryHost: registry.registryHost, privateRegistry: registry };
}

/** At least one host. */
export type LoginHosts = readonly [LoginHost, ...LoginHost[]];

/**
 * Reads the HOST arguments of a command, or takes that of ECR Public without any. Repetitions are dropped. Throws USAGE, naming `what`, for a
 * host that belongs to neither service, for `--endpoint-url` with both, and as `findLoginEndpoint` does.
 */
export async function chooseLoginHosts(
  context: CommandContext,
  what: string,
  given: readonly string[],
): Promise<LoginHosts> {
  const found = given.map(
    (host) => findPrivateHost(context, host) ?? { registryHost: host, privateRegistry: undefined },
  );
  const [first, ...more] = [...new Map(found.map((host) => [host.registryHost, host])).values()];
  if (first === undefined) {
    return [{ registryHost: await requireRegistryHost(context, what), privateRegistry: undefined }];
  }
  const hosts: LoginHosts = [first, ...more];
  const others = hosts.filter(({ privateRegistry }) => privateRegistry === undefined);
  refuseAddresses(context, what, others);
  if (others.length > 0) {
    await chooseRegistryHosts(
      context,
      what,
      others.map(({ registryHost }) => registryHost),
    );
  }
  if (context.options.endpointUrl !== undefined && others.length > 0 && others.length < hosts.length) {
    throw new EcrpError('USAGE', `${what}: --endpoint-url is of one service, but the hosts are of two`, {
      hint: 'Set AWS_ENDPOINT_URL_ECR and AWS_ENDPOINT_URL_ECR_PUBLIC, or name the hosts of one service.',
    });
  }
  for (const host of hosts) await findLoginEndpoint(context, what, host);
  return hosts;
}

/** Throws USAGE for a URL or a reference of a private registry in place of its host. */
function refuseAddresses(context: CommandContext, what: string, others: readonly LoginHost[]): void {
  for (const { registryHost } of others) {
    const host = findPrivateHost(context, reduceToHost(registryHost))?.registryHost;
    if (host === undefined) continue;
    throw new EcrpError('USAGE', `${what}: ${quoteAddress(registryHost)} is not a host`, {
      hint: `Give the host alone: ${host}`,
    });
  }
}

/**
 * Finds the endpoint that gives tokens for a host. Throws USAGE, naming `what`, if the host does not belong to it: a token of AWS must not
 * reach an emulator.
 */
export async function findLoginEndpoint(
  context: CommandContext,
  what: string,
  { privateRegistry }: LoginHost,
): Promise<Endpoint> {
  if (privateRegistry === undefined) {
    await requireRegistryHost(context, what);
    return findEndpoint(context);
  }
  return findPrivateEndpoint(context, privateRegistry);
}

/** Groups hosts by the token that opens them: one of ECR Public, and one for each region of private ECR. */
export async function groupByToken(
  context: CommandContext,
  what: string,
  hosts: readonly LoginHost[],
): Promise<readonly LoginHosts[]> {
  const groups = new Map<string, [LoginHost, ...LoginHost[]]>();
  for (const host of hosts) {
    const { url, region } = await findLoginEndpoint(context, what, host);
    const key = host.privateRegistry === undefined ? 'public' : `${url} ${region}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [host]);
    else group.push(host);
  }
  return [...groups.values()];
}
