import { describeImages } from '../../ecr/images.ts';
import type { RepositoryAddress } from '../../ecr/repositories.ts';
import { EcrpError } from '../../errors.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import type { RegistryAccess } from '../../registry/client.ts';
import { resolveTag } from '../../registry/resolve-tag.ts';
import type { EcrSession } from '../ecr-session.ts';
import type { RegistryFinder } from './registry-finder.ts';

/** Tells for certain where a tag points; undefined: nowhere. */
export type TagLocator = (tag: string, signal: AbortSignal) => Promise<Digest | undefined>;

export interface TagPlace {
  readonly registryHost: string;
  /** Whether the registry may be asked: not when it belongs to another service than the API. */
  readonly readsRegistry: boolean;
  readonly repositoryName: string;
}

/**
 * Asks the registry as anyone can, and the API where that does not tell. Throws UNAVAILABLE rather than guess, AUTH when
 * only the API could tell and may not be asked.
 */
export function makeTagLocator(
  session: EcrSession,
  finder: RegistryFinder,
  place: TagPlace,
  retryBudgetMs?: number,
): TagLocator {
  const { registryHost, readsRegistry, repositoryName } = place;
  const kept: RegistryAccess = {};
  return async (imageTag, signal) => {
    const registryAlias = await finder.findAlias();
    if (registryAlias !== undefined && readsRegistry) {
      const address = { registryHost, registryAlias, repositoryName, imageTag };
      const found = await resolveTag(finder.connections, address, signal, { kept, mostMs: retryBudgetMs });
      if (found !== 'unknown') return found;
    }
    signal.throwIfAborted();
    const address = await finder.findAddress();
    if (address !== undefined) return askApi(session, address, imageTag, signal);
    throw new EcrpError(
      'UNAVAILABLE',
      `cannot find out where the tag ${imageTag} of ${registryAlias}/${repositoryName} points: no usable answer from ${registryHost}`,
      { hint: 'Run the command again in a minute; --if-exists overwrite does not need to know.' },
    );
  };
}

async function askApi(
  { client }: EcrSession,
  address: RepositoryAddress,
  imageTag: string,
  signal: AbortSignal,
): Promise<Digest | undefined> {
  try {
    const [image] = await describeImages(client, address, [{ imageTag }], signal);
    return isDigest(image?.imageDigest) ? image.imageDigest : undefined;
  } catch (error) {
    // No image, or no repository.
    if (error instanceof EcrpError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
