import { type Endpoint, resolveEndpoint } from '../ecr/endpoint.ts';
import { EcrpError } from '../errors.ts';
import { DUAL_STACK_REGISTRY_HOST, REGISTRY_HOST } from '../wire/service.ts';
import type { CommandContext } from './command-context.ts';
import { checkRegistryHost, quoteAddress } from './options.ts';

/** Where the command's options, the environment and the profile say that the API is. */
export function findEndpoint({ io, options }: CommandContext): Promise<Endpoint> {
  const { endpointUrl, region, profile } = options;
  return resolveEndpoint({ endpointUrl, region, profile, env: io.env });
}

/** Host of the registry, as it stands in references. Throws USAGE when the environment names none. */
export function findRegistryHost({ io, options }: CommandContext): string {
  if (options.registryHost !== undefined) return options.registryHost;
  const host = io.env.ECRP_REGISTRY_HOST;
  return host ? checkRegistryHost(host, 'ECRP_REGISTRY_HOST') : REGISTRY_HOST;
}

/**
 * Whether the registry host belongs to the API endpoint. It does not when the endpoint is not AWS's and no registry host is set:
 * then the default host is another service.
 */
export async function isRegistryOfApi(context: CommandContext): Promise<boolean> {
  return namesRegistryHost(context) || (await findEndpoint(context)).isAws;
}

/** The registry host, for a command that must not mix two services. Throws USAGE, naming `what`, when `isRegistryOfApi` is false. */
export async function requireRegistryHost(context: CommandContext, what: string): Promise<string> {
  const host = findRegistryHost(context);
  if (namesRegistryHost(context)) return host;
  const { isAws, url } = await findEndpoint(context);
  if (isAws) return host;
  throw new EcrpError('USAGE', `${what}: the endpoint is ${url}, but ${host} belongs to AWS`, {
    hint: 'Set ECRP_REGISTRY_HOST or --registry-host to the registry of that endpoint.',
  });
}

/**
 * The hosts that a command was given as arguments; without any, the registry host. Throws USAGE for one that is not the registry of
 * the API, and as `requireRegistryHost`.
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
    throw new EcrpError(
      'USAGE',
      `${what}: ${quoteAddress(foreign)} is not a registry that a token can be got for here`,
      {
        hint: `Give ${names.join(' or ')}, or name another registry of ECR Public with --registry-host.`,
      },
    );
  }
  return given.length === 0 ? [host] : [...new Set(given)];
}

/** The names of one registry: AWS's own has two, the second for IPv6 as well. */
export function listRegistryNames(host: string): readonly string[] {
  const awsNames = [REGISTRY_HOST, DUAL_STACK_REGISTRY_HOST];
  return awsNames.includes(host) ? awsNames : [host];
}

function namesRegistryHost({ io, options }: CommandContext): boolean {
  return options.registryHost !== undefined || Boolean(io.env.ECRP_REGISTRY_HOST);
}
