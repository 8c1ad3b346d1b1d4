import type { OperationName } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import { authorize, requireRepositoryAccess } from '../operations/authorization.ts';
import { findRegistryByAlias, type ServedRegistry } from '../served-registry.ts';
import { issueAnonymousToken, verifyToken } from '../tokens.ts';
import {
  findRepositoryByPath,
  type RegistryCaller,
  type RegistryExchange,
  sendBody,
  splitName,
} from './exchange.ts';
import { RegistryError, repositoryUnknown } from './registry-error.ts';

/** Finds out who sends a request to `/v2/`. Throws the service's answer to a missing or invalid token. */
export function authenticate(exchange: RegistryExchange): RegistryCaller {
  const { request, context, origin } = exchange;
  const { authorization } = request.headers;
  if (authorization === undefined) throw challenge(origin);
  const token = /^bearer +(\S+)$/i.exec(authorization)?.[1];
  // Only the token endpoint takes Basic. Source: apple/container#847.
  if (token === undefined) throw invalidToken(exchange);
  const verdict = verifyToken(context.tokens, token, context.now());
  // An expired token gets the answer of an invalid one, not 401. Source: oras-project/oras-go#1227.
  if (verdict === 'expired' || verdict === 'invalid') throw invalidToken(exchange);
  return verdict;
}

/**
 * Finds the registry of the alias in a path. With `pushing`, the caller needs permission for that operation of the JSON API. In another account's
 * registry, the repository's policy must allow it too. Throws NAME_UNKNOWN or DENIED.
 */
export function enterRegistryByPath(
  { context }: RegistryExchange,
  caller: RegistryCaller,
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
    findRepositoryByPath(served, name);
    requireRepositoryAccess(served, registryId, caller, pushing, repositoryName);
  }
  return served;
}

/** Source: helm/helm#12491. The service's realm is `https://public.ecr.aws/token/`. */
export function challenge(origin: string): RegistryError {
  return new RegistryError(401, 'DENIED', 'Not Authorized', {
    'www-authenticate': `Bearer realm="${origin}/token/",service="public.ecr.aws",scope="aws"`,
  });
}

function invalidToken({ context, origin }: RegistryExchange): RegistryError {
  const status = context.registryRules.invalidTokenStatus;
  const { headers } = challenge(origin);
  const text = 'Your Authorization Token is invalid.';
  return new RegistryError(status, 'DENIED', text, status === 401 ? headers : {});
}

/** `GET /token/`: an anonymous token, or the authorization token that a Basic header carries. */
export function serveToken({ request, response, context }: RegistryExchange): void {
  const { authorization } = request.headers;
  const now = context.now();
  const token = authorization === undefined ? issueAnonymousToken(context.tokens, now).token : exchange();
  sendBody(response, 200, 'application/json; charset=utf-8', JSON.stringify({ token }));

  function exchange(): string {
    const credentials = /^basic +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
    const verdict = verifyToken(context.tokens, credentials, now);
    // An anonymous token is not a password.
    if (typeof verdict === 'object') return credentials;
    const text =
      verdict === 'expired'
        ? 'Your authorization token has expired. Reauthenticate and try again.'
        : 'Your Authorization Token is invalid.';
    throw new RegistryError(CHOICES.registryDeniedLoginStatus.value, 'DENIED', text);
  }
}

/** `GET /token`: redirects to the address with the slash, query included. */
export function redirectToToken({ request, response }: RegistryExchange): void {
  const query = /\?.*$/.exec(request.url ?? '')?.[0] ?? '';
  response.writeHead(301, { location: `/token/${query}`, 'content-length': 0 });
  response.end();
}
