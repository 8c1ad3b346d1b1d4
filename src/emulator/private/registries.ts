import { type EmulatorContext, toEpochSeconds } from '../operations/context.ts';
import { issueAuthorizationToken } from '../tokens.ts';
import type { PrivateHandler } from './handler.ts';

/**
 * The account whose registry the host of a request names: `ACCOUNT.dkr.ecr.REGION.localhost`, with any port. Every other host names the registry of the
 * keys that the emulator prints.
 */
export function findAccountOfHost({ registryHost, identity }: EmulatorContext): string {
  return /^(\d{12})\.dkr\.ecr\./.exec(registryHost)?.[1] ?? identity.registryId;
}

/** The host of a registry, with the port of the request: the host of the request itself, if that names this registry. */
export function formatRegistryHost(context: EmulatorContext, registryId: string): string {
  const { registryHost, service } = context;
  if (findAccountOfHost(context) === registryId) return registryHost;
  const [port = ''] = /:\d+$/.exec(registryHost) ?? [];
  return `${registryId}.dkr.ecr.${service.region}.localhost${port}`;
}

/** One entry for each id, by default for the caller's own registry. See `PRIVATE_CHOICES.foreignTokens`. */
export const getPrivateAuthorizationToken: PrivateHandler<'GetAuthorizationToken'> = (context, input) => {
  const { tokens, principal, now, registry } = context;
  const ids = input.registryIds ?? [registry.registryId];
  return {
    authorizationData: ids.map((registryId) => {
      const { token, expiresAt } = issueAuthorizationToken(tokens, principal, now());
      return {
        authorizationToken: token,
        expiresAt: toEpochSeconds(expiresAt),
        proxyEndpoint: `${context.scheme}://${formatRegistryHost(context, registryId)}`,
      };
    }),
  };
};
