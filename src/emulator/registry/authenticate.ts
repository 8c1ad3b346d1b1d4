import type { OperationName } from '../../wire/operations.ts';
import { authorize } from '../authorize.ts';
import { verifyToken } from '../tokens.ts';
import type { Caller, Exchange } from './exchange.ts';
import { splitName } from './find-repository.ts';
import { RegistryError } from './registry-error.ts';

/** Who sends a request to `/v2/`. Throws what the service answers to those without a token, or with one that it does not take. */
export function authenticate(exchange: Exchange): Caller {
  const { request, context, origin } = exchange;
  const { authorization } = request.headers;
  if (authorization === undefined) throw challenge(origin);
  const token = /^bearer +(\S+)$/i.exec(authorization)?.[1];
  // Basic, too, is refused here: it is for the token endpoint. Source: apple/container#847.
  if (token === undefined) throw invalidToken(exchange);
  const verdict = verifyToken(context.identity, token, context.now());
  // A token out of date is told like a wrong one, and not with 401. Source: oras-project/oras-go#1227.
  if (verdict === 'expired' || verdict === 'invalid') throw invalidToken(exchange);
  return verdict;
}

/** Throws unless the caller may do what the operation of the JSON API does, to the repository that is named in the path. */
export function requirePermission(
  { context }: Exchange,
  caller: Caller,
  operation: OperationName,
  name: string,
): void {
  if (caller === 'anonymous') throw new RegistryError(403, 'DENIED', 'Not Authorized');
  const { repositoryName } = splitName(name);
  context.quotas.take(operation);
  authorize(context.identity, caller, operation, { repositoryName });
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
