import { CHOICES } from '../choices.ts';
import { authorize, requireRepositoryAccess } from '../operations/authorization.ts';
import { findPrimaryAlias, findRegistryByAlias } from '../served-registry.ts';
import { issueAnonymousToken, verifyToken } from '../tokens.ts';
import {
  findRepositoryByPath,
  isReading,
  type PathAttempt,
  type PathPlace,
  type RegistryCaller,
  type RegistryExchange,
  type RegistryFront,
  sendBody,
} from './exchange.ts';
import { serveDownload, serveLogo, signDownload } from './public-downloads.ts';
import { pageNotFound, RegistryError, repositoryUnknown, unsupported } from './registry-error.ts';

/** The registry of ECR Public: Bearer tokens, an alias before each repository, pulls by everybody. */
export const PUBLIC_FRONT: RegistryFront = {
  authenticate,
  challenge,
  enter: enterRegistryByPath,
  countPull: ({ quotas }, caller) => {
    if (caller === 'anonymous') quotas.take('anonymousPull', '');
    else quotas.take('authenticatedPull', caller.registryId);
  },
  listRepositories: ({ context }) =>
    context.registries.flatMap(({ registry, store }) =>
      [...store.repositories.keys()].map((name) => `${findPrimaryAlias(registry)}/${name}`),
    ),
  findMountSource: ({ context }, from) => {
    const { alias, repositoryName } = splitName(from);
    return findRegistryByAlias(context.registries, alias)?.store === context.store
      ? repositoryName
      : undefined;
  },
  locateLayer: ({ context, origin }, digest) => {
    const { registry, repositoryName } = context;
    const download = { registryId: registry.registryId, repositoryName, digest };
    return `${origin}/download/${signDownload(context, download)}`;
  },
  serveBeside: async (exchange, path) => {
    if (!isReading(exchange)) throw unsupported();
    const [, room, rest = ''] = /^\/([a-z0-9]+)(?:\/(.*))?$/s.exec(path) ?? [];
    if (path === '/token/') return serveToken(exchange);
    if (path === '/token') return redirectToToken(exchange);
    if (room === 'download') return await serveDownload(exchange, rest);
    if (room === 'logo') return await serveLogo(exchange, rest.replace(/\.png$/, ''));
    throw pageNotFound();
  },
};

/** Finds out who sends a request to `/v2/`. Throws the service's answer to a missing or invalid token. */
function authenticate(exchange: RegistryExchange): RegistryCaller {
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
 * Finds the registry of the alias in a path. For a push, the caller needs permission for that operation of the JSON API. In another account's registry,
 * the repository's policy must allow it too. Throws NAME_UNKNOWN or DENIED.
 */
function enterRegistryByPath(
  { context }: RegistryExchange,
  caller: RegistryCaller,
  name: string,
  attempt: PathAttempt,
): PathPlace {
  const { alias, repositoryName } = splitName(name);
  const served = findRegistryByAlias(context.registries, alias);
  const place = served && { ...served, repositoryName, registryName: alias };
  if (attempt.kind === 'pull') {
    if (place === undefined) throw repositoryUnknown(repositoryName, alias);
    return place;
  }
  if (caller === 'anonymous') throw new RegistryError(403, 'DENIED', 'Not Authorized');
  const { operation } = attempt;
  context.quotas.take(operation, caller.registryId);
  const registryId = served?.registry.registryId ?? caller.registryId;
  authorize(context, registryId, { principal: caller, operation, target: { repositoryName } });
  if (place === undefined) throw repositoryUnknown(repositoryName, alias);
  if (registryId !== caller.registryId) {
    findRepositoryByPath(place);
    requireRepositoryAccess(context, place, registryId, { principal: caller, operation, repositoryName });
  }
  return place;
}

/** Splits the name in a path, `<alias>/<repository>`, at its first slash. */
function splitName(name: string): { readonly alias: string; readonly repositoryName: string } {
  const slash = name.indexOf('/');
  return slash === -1
    ? { alias: name, repositoryName: '' }
    : { alias: name.slice(0, slash), repositoryName: name.slice(slash + 1) };
}

/** Source: helm/helm#12491. The service's realm is `https://public.ecr.aws/token/`. */
function challenge(origin: string): RegistryError {
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
function serveToken({ request, response, context }: RegistryExchange): void {
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
function redirectToToken({ request, response }: RegistryExchange): void {
  const query = /\?.*$/.exec(request.url ?? '')?.[0] ?? '';
  response.writeHead(301, { location: `/token/${query}`, 'content-length': 0 });
  response.end();
}
