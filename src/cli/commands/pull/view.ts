import type { PushResult } from '../../../engine/result.ts';
import { formatBytes, formatCount, formatDuration } from '../../format.ts';
import type { Outcome } from '../../output.ts';
import type { PullRequest } from './request.ts';

/** What was pulled. */
export interface PulledImage {
  readonly result: PushResult;
  /** `HOST/PATH`, with the alias of the user's own registry. */
  readonly repository: string;
}

/** The outcome of the command. A pull to standard output prints nothing else there. */
export function describePulled(
  { address, destination, isArchive }: PullRequest,
  { result, repository }: PulledImage,
  durationMs: number,
): Outcome {
  const { imageDigest, imageManifestMediaType, layers, bytes } = result;
  const { imageTag } = address;
  const reference = imageTag === undefined ? `${repository}@${imageDigest}` : `${repository}:${imageTag}`;
  if (destination.kind === 'stream') return {};
  return {
    result: {
      reference,
      imageDigest,
      imageManifestMediaType,
      destination: destination.given,
      format: isArchive ? 'docker-archive' : 'oci',
      layers: {
        total: layers.total,
        fetched: layers.uploaded,
        existing: layers.existing,
        skipped: layers.skipped,
      },
      bytes: {
        total: bytes.total,
        fetched: bytes.uploaded,
        existing: bytes.existing,
        resumed: bytes.resumed,
      },
      durationMs,
    },
    view: imageTag === undefined ? reference : `${reference}@${imageDigest}`,
  };
}

/** The summary for a person, line by line. */
export function summarizePull({ layers, bytes, tags }: PushResult, durationMs: number): readonly string[] {
  const took = formatDuration(durationMs);
  const moved = tags.flatMap(({ imageTag, previousDigest }) =>
    previousDigest === undefined ? [] : [`Moved the tag ${imageTag} of the layout from ${previousDigest}.`],
  );
  if (layers.uploaded === 0 && tags.every(({ status }) => status === 'unchanged') && tags.length > 0) {
    return [`Unchanged: everything was there already; checked in ${took}.`];
  }
  const parts = [
    layers.uploaded > 0 && `${formatCount(layers.uploaded, 'blob')} (${formatBytes(bytes.uploaded)}) fetched`,
    bytes.resumed > 0 && `${formatBytes(bytes.resumed)} resumed`,
    layers.existing > 0 && `${formatCount(layers.existing, 'blob')} there already`,
    layers.skipped > 0 && `${formatCount(layers.skipped, 'foreign layer')} left out`,
  ].filter((part) => part !== false);
  const done = parts.length > 0 ? `: ${parts.join(', ')}` : '';
  return [`Pulled in ${took}${done}.`, ...moved];
}
