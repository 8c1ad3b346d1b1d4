import type { PushResult } from '../../../engine/result.ts';
import { EcrpError } from '../../../errors.ts';
import { RetryBudget } from '../../../net/retry-budget.ts';
import type { ReadRetry } from '../../../registry/retry-reading.ts';
import { type VerifiedImage, verifyImage } from '../../../registry/verify-image.ts';
import type { CommandContext } from '../../command-context.ts';
import { formatDuration } from '../../format.ts';
import type { ProgressDisplay } from '../../progress/display.ts';
import type { ConnectedRepository } from './connect-repository.ts';
import type { TransferRequest } from './request.ts';

/**
 * Reads back what a push has put, without the tags that it left on another image; undefined when it put nothing. Throws UNAVAILABLE for
 * what is missing or different.
 */
export async function verifyPushed(
  context: CommandContext,
  progress: ProgressDisplay,
  { target, chosen }: ConnectedRepository,
  { concurrency, hosts: { registryHost } }: TransferRequest,
  pushed: PushResult,
  settings: { readonly defaultBudgetMs: number; readonly onRetry: () => void },
): Promise<VerifiedImage | undefined> {
  const { tags, imageDigest: digest, imageManifestMediaType: mediaType } = pushed;
  const moved = tags.filter(({ imageDigest }) => imageDigest === undefined);
  if (mediaType === undefined || (tags.length > 0 && moved.length === 0)) return undefined;
  const { signal } = context.io;
  const reader = await target.openReader('authorized', signal);
  if (reader === undefined) {
    const { repositoryName } = chosen;
    throw new EcrpError(
      'UNAVAILABLE',
      `The image is pushed, but not verified: the alias of the registry of ${repositoryName} is not known`,
      { hint: `Give the whole reference: ${registryHost}/ALIAS/${repositoryName}:TAG.` },
    );
  }
  const companions = pushed.manifests.flatMap(({ imageDigest, imageManifestMediaType, status }) =>
    status === 'refused' ? [] : [{ digest: imageDigest, mediaType: imageManifestMediaType }],
  );
  const image = { tags: moved.map(({ imageTag }) => imageTag), digest, mediaType, companions };
  const budget = new RetryBudget({
    givenMs: context.options.retryBudget,
    defaultMs: settings.defaultBudgetMs,
  });
  return verifyImage(reader, image, {
    concurrency,
    signal,
    budget,
    onEvent: (event) => progress.show(event),
    onRetry: (retry) => {
      settings.onRetry();
      progress.showCall({ kind: 'retry', operation: retry.subject, ...retry });
      reportRetry(context, retry);
    },
  });
}

/** Reports a repeated read like a repeated call of the API. */
function reportRetry({ messages, style }: CommandContext, retry: ReadRetry): void {
  const { subject, attempt, reason, delayMs } = retry;
  if (style.jsonLines) messages.event('retry', { operation: subject, attempt, delayMs, reason });
  else messages.detail(`${subject} could not be read (${reason}), again in ${formatDuration(delayMs)}`);
}
