import { type AttemptedCall, authorize, enterRegistry } from '../operations/authorization.ts';
import {
  findRepositoryByPath,
  type RegistryCaller,
  type RegistryContext,
  type RegistryExchange,
  type RegistryFront,
  type RepositoryExchange,
} from '../registry/exchange.ts';
import { pageNotFound, RegistryError } from '../registry/registry-error.ts';
import type { Principal, ServedRegistry } from '../served-registry.ts';
import { ServiceError } from '../service-error.ts';
import type { BlobDigest, StoredRepository } from '../storage/model.ts';
import { verifyToken } from '../tokens.ts';
import { readAccountSetting } from './account-settings.ts';
import { createFromTemplate, isCreating } from './create-on-push.ts';
import { makeDownloadAddress } from './download-address.ts';
import { findAccountOfHost } from './registries.ts';
import { PRIVATE_REGISTRY_CHOICES } from './registry-choices.ts';

/** The registry of private ECR: Basic credentials for every request, the account in the host, blobs in a bucket. */
export const PRIVATE_FRONT: RegistryFront = {
  authenticate,
  challenge,
  enter: ({ context }, caller, name, { operation }) => {
    const served = enterOwnedRegistry(context, caller, operation, { repositoryName: name });
    if (caller !== 'anonymous' && isCreating(operation))
      createFromTemplate({ ...context, ...served }, caller, name);
    return { ...served, repositoryName: name, registryName: served.registry.registryId };
  },
  // GET of a manifest has been counted as BatchGetImage.
  countPull: () => undefined,
  listRepositories: ({ context }, caller) => {
    const { store } = enterOwnedRegistry(context, caller, 'DescribeRepositories', {});
    return [...store.repositories.keys()];
  },
  findMountSource,
  locateLayer: ({ context }, digest) => {
    const { registry, repositoryName } = context;
    return makeDownloadAddress(context, { registryId: registry.registryId, repositoryName, digest });
  },
  serveBeside: () => {
    throw pageNotFound();
  },
};

/** Takes Basic credentials alone: there is no token endpoint. Source: user guide, "Using HTTP API authentication". */
function authenticate({ request, context, origin }: RegistryExchange): Principal {
  const token = /^basic +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const verdict = token === undefined ? 'invalid' : verifyToken(context.tokens, token, context.now());
  if (verdict === 'expired') {
    const text = 'Your authorization token has expired. Reauthenticate and try again.';
    // Without a challenge, as recorded: flipt-io/flipt#3043.
    throw new RegistryError(PRIVATE_REGISTRY_CHOICES.expiredTokenStatus.value, 'DENIED', text);
  }
  if (typeof verdict === 'string') throw challenge(origin);
  return verdict;
}

/** Plain text and this header, as recorded: NVIDIA/enroot#59, mayflower/docker-ls#28. */
function challenge(origin: string): RegistryError {
  const headers = { 'www-authenticate': `Basic realm="${origin}/",service="ecr.amazonaws.com"` };
  return new RegistryError(401, 'UNAUTHORIZED', 'Not Authorized', headers, 'text');
}

/** Enters the registry that the Host names, under the conditions of an operation of the JSON API. Throws the `ServiceError`s of permissions and quotas. */
function enterOwnedRegistry(
  context: RegistryContext,
  caller: RegistryCaller,
  operation: string,
  target: AttemptedCall['target'],
): ServedRegistry {
  if (caller === 'anonymous') throw new Error('private ECR has no anonymous callers');
  const registryId = findAccountOfHost(context);
  const call = { principal: caller, operation, target: { ...target, registryId } };
  context.quotas.take(operation, caller.registryId);
  authorize(context, registryId, call);
  return enterRegistry(context, call);
}

/**
 * The blob must be in an image of the source, under the same encryption, and the caller must be allowed to download it. Source: user guide, "Blob
 * mounting"; for the image, aws/containers-roadmap#2860.
 */
function findMountSource(
  { context, caller }: RepositoryExchange,
  from: string,
  digest: BlobDigest,
): string | undefined {
  if (readAccountSetting(context.store, 'BLOB_MOUNTING') !== 'ENABLED') return undefined;
  const source = context.store.repositories.get(from);
  if (source?.isUsed(digest) !== true) return undefined;
  if (!haveSameEncryption(source, findRepositoryByPath(context))) return undefined;
  try {
    enterOwnedRegistry(context, caller, 'GetDownloadUrlForLayer', { repositoryName: from });
    return from;
  } catch (error) {
    if (error instanceof ServiceError) return undefined;
    throw error;
  }
}

function haveSameEncryption(one: StoredRepository, other: StoredRepository): boolean {
  const [first, second] = [one.settings, other.settings];
  return first?.encryptionType === second?.encryptionType && first?.kmsKey === second?.kmsKey;
}
