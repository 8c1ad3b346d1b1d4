import { getAuthorizationToken } from '../../ecr/authorization.ts';
import { EcrpError } from '../../errors.ts';
import type { RetryBudget } from '../../net/retry-budget.ts';
import type { PushResult } from '../../push/push-result.ts';
import { createRegistryReader } from '../../registry/registry-reader.ts';
import type { ReadRetry } from '../../registry/retry-reading.ts';
import type { VerifyEvent } from '../../registry/verify-events.ts';
import { type VerifiedImage, verifyImage } from '../../registry/verify-image.ts';
import type { CommandContext } from '../command-context.ts';
import type { EcrSession } from '../ecr-session.ts';
import { formatDuration } from '../format.ts';
import type { RegistryFinder } from './registry-finder.ts';

export interface PushedPlace {
  readonly registryHost: string;
  readonly repositoryName: string;
  /** Blobs read at the same time. */
  readonly concurrency: number;
  readonly budget: RetryBudget;
  readonly onEvent: (event: VerifyEvent) => void;
  readonly onRetry: (retry: ReadRetry) => void;
}

/** Reads back what a push has put; tags that it left on another image are none of that. */
export async function verifyPushed(
  result: PushResult,
  { registryHost, repositoryName, concurrency, budget, onEvent, onRetry }: PushedPlace,
  finder: RegistryFinder,
  session: EcrSession,
  signal: AbortSignal,
): Promise<VerifiedImage> {
  const registryAlias = await finder.findAlias();
  if (registryAlias === undefined) {
    throw new EcrpError(
      'UNAVAILABLE',
      `The image is pushed, but not verified: the alias of the registry of ${repositoryName} is not known`,
      { hint: `Give the whole reference: ${registryHost}/ALIAS/${repositoryName}:TAG.` },
    );
  }
  const registry = createRegistryReader(
    session.client.connections,
    { registryHost, registryAlias, repositoryName },
    async (inner) => {
      return (await getAuthorizationToken(session.client, inner)).authorizationToken;
    },
  );
  const tags = result.tags.filter(({ imageDigest }) => imageDigest === undefined);
  const { imageDigest: digest, imageManifestMediaType: mediaType } = result;
  const image = { tags: tags.map(({ imageTag }) => imageTag), digest, mediaType };
  return verifyImage(registry, image, { concurrency, signal, budget, onEvent, onRetry });
}

/** A read that is repeated is told as a call that is; see `withEcr`. */
export function tellReadRetry({ messages, style }: CommandContext, retry: ReadRetry): void {
  const { subject, reason, delayMs } = retry;
  if (style.jsonLines) messages.event('retry', retry);
  else messages.detail(`${subject} could not be read (${reason}), again in ${formatDuration(delayMs)}`);
}
