import { withDeadline } from '../../async/abort.ts';
import { createLanes } from '../../async/ordered-lanes.ts';
import type { ImageTarget } from '../../ends/image-target.ts';
import { EcrpError } from '../../errors.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import type { RegistryAccess } from '../../registry/client.ts';
import { resolveTag } from '../../registry/registry-reader.ts';
import type { EcrClient } from '../client.ts';
import { describeImages } from '../images.ts';
import type { RepositoryAddress } from '../repositories.ts';

/** Longest wait for one tag, alias included. It only tells created from moved tags, so no push waits longer for it. */
const TIMEOUT_MS = 10_000;
/** ECR Public answers one anonymous pull a second; source: its page of quotas. */
const QUOTA_WAIT_MS = 1_000;
/** Longest wait for all tags together. */
const MOST_MS = 30_000;
/** Tags looked up at the same time: the registry limits anonymous requests. */
const MOST_AT_ONCE = 4;

/** A repository of ECR Public, and how to find out what its reference leaves open. */
export interface RepositoryPlace {
  readonly registryHost: string;
  /** An alias or a registry id, as in the reference; undefined: the caller's own registry. */
  readonly registryAlias?: string | undefined;
  readonly repositoryName: string;
  /** Whether the host belongs to the API endpoint, so that it may be asked. */
  readonly readsRegistry: boolean;
  /** The alias in the registry's paths; undefined: unknown. Throws when the signal is aborted. */
  findAlias(signal: AbortSignal): Promise<string | undefined>;
  /** The address for DescribeImages; undefined for a registry that is not the caller's, which only `/v2/` describes. */
  findAddress(): Promise<RepositoryAddress | undefined>;
}

/**
 * Makes the function that finds out where a tag points. It asks the registry anonymously, then the API. It throws UNAVAILABLE rather than
 * guess, AUTH when only the API can answer and denies it.
 */
export function locateTags(
  client: EcrClient,
  place: RepositoryPlace,
  retryBudgetMs: number | undefined,
): ImageTarget['locateTag'] {
  const { registryHost, readsRegistry, repositoryName } = place;
  const access: RegistryAccess = {};
  return async (imageTag, signal) => {
    const registryAlias = await place.findAlias(signal);
    if (registryAlias !== undefined && readsRegistry) {
      const address = { registryHost, repositoryPath: `${registryAlias}/${repositoryName}`, imageTag };
      const found = await resolveTag(client.connections, address, signal, { access, mostMs: retryBudgetMs });
      if (found !== 'unknown') return found;
    }
    signal.throwIfAborted();
    const address = await place.findAddress();
    if (address !== undefined) return askApi(client, address, imageTag, signal);
    throw new EcrpError(
      'UNAVAILABLE',
      `cannot find out where the tag ${imageTag} of ${registryAlias}/${repositoryName} points: no usable answer from ${registryHost}`,
      { hint: 'Run the command again in a minute; --if-exists overwrite does not need to know.' },
    );
  };
}

async function askApi(
  client: EcrClient,
  address: RepositoryAddress,
  imageTag: string,
  signal: AbortSignal,
): Promise<Digest | undefined> {
  try {
    const [image] = await describeImages(client, address, [{ imageTag }], signal);
    return isDigest(image?.imageDigest) ? image.imageDigest : undefined;
  } catch (error) {
    // The image or the repository does not exist.
    if (error instanceof EcrpError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

type Glance = NonNullable<ImageTarget['glanceAtTag']>;

/** Shows what a push waits for while `work` runs. */
export type WatchWait = <Result>(what: string, work: () => Promise<Result>) => Promise<Result>;

export interface GlanceSettings {
  /** `--retry-budget`, in ms; undefined: 10 s. */
  readonly retryBudgetMs: number | undefined;
  readonly watchWait: WatchWait;
}

/** Makes the function that looks where tags point, anonymously. After one question without an answer it asks no more. */
export function glanceAtTags(client: EcrClient, place: RepositoryPlace, settings: GlanceSettings): Glance {
  const { registryHost, repositoryName } = place;
  const timeoutMs = Math.min(TIMEOUT_MS, settings.retryBudgetMs ?? TIMEOUT_MS);
  let isSilent = false;
  const runInLane = createLanes(MOST_AT_ONCE)();
  const startedMs = performance.now();
  const access: RegistryAccess = {};

  const ask: Glance = async (imageTag, signal) => {
    const registryAlias = await place.findAlias(signal);
    if (registryAlias === undefined) return 'unknown';
    const address = { registryHost, repositoryPath: `${registryAlias}/${repositoryName}`, imageTag };
    // The question for the alias is a call of the API, which is a wait of its own.
    return settings.watchWait(`${registryHost} (where the tag ${imageTag} is)`, () =>
      resolveTag(client.connections, address, signal, { access, quotaWaitMs: QUOTA_WAIT_MS }),
    );
  };
  const look: Glance = async (tag, signal) => {
    if (isSilent || performance.now() - startedMs > MOST_MS) return 'unknown';
    const answer: ReturnType<Glance> = withDeadline(signal, timeoutMs, (inner) => ask(tag, inner));
    const found = await answer.catch(() => 'unknown' as const);
    isSilent ||= found === 'unknown';
    return found;
  };
  return (tag, signal) => runInLane(() => look(tag, signal));
}
