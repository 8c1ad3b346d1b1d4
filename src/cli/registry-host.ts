import { EcrpError } from '../errors.ts';
import { REGISTRY_HOST } from '../wire/service.ts';
import type { CommandContext } from './command-context.ts';
import { findEndpoint } from './find-endpoint.ts';
import { isRegistryHost } from './option-values.ts';

/** Host of the registry, as it stands in references. Throws USAGE when the environment names none. */
export function findRegistryHost({ io, options }: CommandContext): string {
  if (options.registryHost !== undefined) return options.registryHost;
  const host = io.env.ECRP_REGISTRY_HOST;
  if (!host) return REGISTRY_HOST;
  if (!isRegistryHost(host)) {
    throw new EcrpError('USAGE', `ECRP_REGISTRY_HOST: '${host}' is not a host`, {
      hint: 'It must be HOST or HOST:PORT, without a scheme or a path.',
    });
  }
  return host;
}

/**
 * Whether the registry host is the registry of the API that is asked. It is not when the endpoint is no AWS one, as an
 * emulator's, and nobody said where its registry is: then the default host is another service.
 */
export async function isRegistryOfApi(context: CommandContext): Promise<boolean> {
  return namesRegistryHost(context) || (await findEndpoint(context)).isAws;
}

/** The registry host, for what must not mix two services; `what` names it in the error. Throws USAGE, see `isRegistryOfApi`. */
export async function requireRegistryHost(context: CommandContext, what: string): Promise<string> {
  const host = findRegistryHost(context);
  if (namesRegistryHost(context)) return host;
  const { isAws, url } = await findEndpoint(context);
  if (isAws) return host;
  throw new EcrpError('USAGE', `${what}: the endpoint is ${url}, but ${host} belongs to AWS`, {
    hint: 'Set ECRP_REGISTRY_HOST or --registry-host to the registry of that endpoint.',
  });
}

function namesRegistryHost({ io, options }: CommandContext): boolean {
  return options.registryHost !== undefined || Boolean(io.env.ECRP_REGISTRY_HOST);
}
