import type { OperationName } from '../../wire/operations.ts';
import { authorize, requireRepositoryAccess } from '../operations/authorization.ts';
import { findRegistryByAlias, type ServedRegistry } from '../served-registry.ts';
import { verifyToken } from '../tokens.ts';
import type { Caller, Exchange } from './exchange.ts';
import { findRepository, splitName } from './find-repository.ts';
import { RegistryError, repositoryUnknown } from './registry-error.ts';

/** Who sends a request to `/v2/`. Throws what the service answers to those without a token, or with one that it does not take. */
export function authenticate(exchange: Exchange): Caller {
  const { request, context, origin } = exchange;
  const { authorization } = request.headers;
  if (authorization === undefined) throw challenge(origin);
  const token = /^bearer +(\S+)$/i.exec(authorization)?.[1];
  // Basic, too, is refused here: it is for the token endpoint. Source: apple/container#847.
  if (token === undefined) throw invalidToken(exchange);
  const verdict = verifyToken(context.tokens, token, context.now());
  // A token out of date is told like a wrong one, and not with 401. Source: oras-project/oras-go#1227.
  if (verdict === 'expired' || verdict === 'invalid') throw invalidToken(exchange);
  return verdict;
}

/**
 * Finds the registry of the alias in a path. With `pushing`, the caller must be allowed that operation of the JSON API; in another account's registry,
 * the repository's policy must allow it too. Throws NAME_UNKNOWN or DENIED.
 */
export function enterRegistryByPath(
  { context }: Exchange,
  caller: Caller,
  name: string,
  pushing: OperationName | undefined,
): ServedRegistry {
  const { alias, repositoryName } = splitName(name);
  const served = findRegistryByAlias(context.registries, alias);
  if (pushing === undefined) {
    if (served === undefined) throw repositoryUnknown(repositoryName, alias);
    return served;
  }
  if (caller === 'anonymous') throw new RegistryError(403, 'DENIED', 'Not Authorized');
  context.quotas.take(pushing, caller.registryId);
  const registryId = served?.registry.registryId ?? caller.registryId;
  authorize(registryId, { principal: caller, operation: pushing, target: { repositoryName } });
  if (served === undefined) throw repositoryUnknown(repositoryName, alias);
  if (registryId !== caller.registryId) {
    findRepository(served, name);
    requireRepositoryAccess(served, registryId, caller, pushing, repositoryName);
  }
  return served;
}

/** Source: helm/helm#12491; the realm there is `https://public.ecr.aws/token/`. */
export function challenge(origin: string): RegistryError {
  return new RegistryError(401, 'DENIED', 'Not Authorized', {
    'www-authenticate': `Bearer realm="${origin}/token/",service="public.ecr.aws",scope="aws"`,
  });
}

function invalidToken({ context, origin }: Exchange): RegistryError {
  const status = context.registryRules.invalidTokenStatus;
  const { headers } = challenge(origin);
  const text = 'Your Authorization Token is invalid.';
  return new RegistryError(status, 'DENIED', text, status === 401 ? headers : {});
}
