import { type Endpoint, resolveEndpoint } from '../ecr/endpoint.ts';
import { EcrpError } from '../errors.ts';
import type { Io } from '../io.ts';
import { isLoopbackHost } from '../net/local-hosts.ts';
import type { PrivateRegistry } from '../oci/private-host.ts';
import type { RegistryHosts, RepositoryReference } from '../oci/reference.ts';
import { DUAL_STACK_REGISTRY_HOST, REGISTRY_HOST } from '../wire/service.ts';
import type { CommandContext } from './command-context.ts';
import { checkRegistryHost, type GlobalOptions, quoteAddress } from './options.ts';

/** What says where the service is. */
export interface ServicePlace {
  readonly io: Io;
  readonly options: Pick<GlobalOptions, 'endpointUrl' | 'region' | 'profile' | 'registryHost'>;
}

/** Finds the endpoint of the API from options, environment and profile. */
export function findEndpoint({ io, options }: ServicePlace): Promise<Endpoint> {
  const { endpointUrl, region, profile } = options;
  return resolveEndpoint({ endpointUrl, region, profile, env: io.env });
}

/** Finds the endpoint of a private registry's API, from its host, options, environment and profile. */
export async function findPrivateEndpoint(
  { io, options }: ServicePlace,
  registry: PrivateRegistry,
): Promise<Endpoint> {
  const { resolvePrivateEndpoint } = await import('../ecr/private/endpoint.ts');
  const { endpointUrl, region, profile } = options;
  return resolvePrivateEndpoint({ endpointUrl, region, profile, env: io.env }, registry);
}

/** Finds the registry host of references. Throws USAGE if ECRP_REGISTRY_HOST is not a host. */
export function findRegistryHost({ io, options }: ServicePlace): string {
  if (options.registryHost !== undefined) return options.registryHost;
  const host = io.env.ECRP_REGISTRY_HOST;
  return host ? checkRegistryHost(host, 'ECRP_REGISTRY_HOST') : REGISTRY_HOST;
}

/**
 * Finds the hosts of references: that of ECR Public, and an emulator's of private ECR. Throws USAGE if one of the variables is not a host, or
 * if ECRP_PRIVATE_REGISTRY_HOST leaves this machine: any registry could then pose as private ECR.
 */
export function findRegistryHosts(place: ServicePlace): RegistryHosts {
  const registryHost = findRegistryHost(place);
  const given = place.io.env.ECRP_PRIVATE_REGISTRY_HOST;
  if (!given) return { registryHost };
  const privateHost = checkRegistryHost(given, 'ECRP_PRIVATE_REGISTRY_HOST');
  if (isLoopbackHost(new URL(`http://${privateHost}`).hostname)) return { registryHost, privateHost };
  throw new EcrpError('USAGE', `ECRP_PRIVATE_REGISTRY_HOST: '${privateHost}' is not on this machine`, {
    hint: 'Set it to the host of an emulator, such as 127.0.0.1:5101, or unset it.',
  });
}

/**
 * True if the registry host belongs to the API endpoint. False if the endpoint is not AWS's and no registry host is set: the
 * default host is another service.
 */
export async function isRegistryOfApi(context: CommandContext): Promise<boolean> {
  return namesRegistryHost(context) || (await findEndpoint(context)).isAws;
}

/** Finds the registry host for a command that must not mix two services. Throws USAGE, naming `what`, unless `isRegistryOfApi`. */
export async function requireRegistryHost(context: CommandContext, what: string): Promise<string> {
  const host = findRegistryHost(context);
  if (namesRegistryHost(context)) return host;
  const { isAws, url } = await findEndpoint(context);
  if (isAws) return host;
  throw new EcrpError('USAGE', `${what}: the endpoint is ${url}, but ${host} belongs to AWS`, {
    hint: 'Set ECRP_REGISTRY_HOST or --registry-host to the registry of that endpoint.',
  });
}

/** Throws as `requireRegistryHost` does, but never for a repository of private ECR: its host says where its API is. */
export async function requireRegistryOf(
  context: CommandContext,
  what: string,
  { privateRegistry }: Pick<RepositoryReference, 'privateRegistry'>,
): Promise<void> {
  if (privateRegistry === undefined) await requireRegistryHost(context, what);
}

/**
 * Returns the HOST arguments of a command, or the registry host without any. Throws USAGE for a host that is not the registry of the
 * API, and for the same reasons as `requireRegistryHost`.
 */
export async function chooseRegistryHosts(
  context: CommandContext,
  what: string,
  given: readonly string[],
): Promise<readonly string[]> {
  const host = await requireRegistryHost(context, what);
  const names = listRegistryNames(host);
  const foreign = given.find((name) => !names.includes(name));
  if (foreign !== undefined) {
    throw new EcrpError('USAGE', `${what}: ${quoteAddress(foreign)} is not a registry of this endpoint`, {
      hint: `Give ${names.join(' or ')}, or set --registry-host to another registry of ECR Public.`,
    });
  }
  return given.length === 0 ? [host] : [...new Set(given)];
}

/** Lists the names of a registry. AWS's own has two; the second one supports IPv6. */
export function listRegistryNames(host: string): readonly string[] {
  const awsNames = [REGISTRY_HOST, DUAL_STACK_REGISTRY_HOST];
  return awsNames.includes(host) ? awsNames : [host];
}

function namesRegistryHost({ io, options }: CommandContext): boolean {
  return options.registryHost !== undefined || Boolean(io.env.ECRP_REGISTRY_HOST);
}
