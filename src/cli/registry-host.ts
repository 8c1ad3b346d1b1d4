import { EcrpError } from '../errors.ts';
import type { CommandContext } from './command-context.ts';
import { isRegistryHost } from './option-values.ts';

/** Host of the registry, as it stands in references. Throws USAGE when the environment names none. */
export function findRegistryHost({ io, options }: CommandContext): string {
  if (options.registryHost !== undefined) return options.registryHost;
  const host = io.env.ECRP_REGISTRY_HOST;
  if (!host) return 'public.ecr.aws';
  if (!isRegistryHost(host)) {
    throw new EcrpError('USAGE', `ECRP_REGISTRY_HOST: '${host}' is not a host`, {
      hint: 'It must be HOST or HOST:PORT, without a scheme or a path.',
    });
  }
  return host;
}
