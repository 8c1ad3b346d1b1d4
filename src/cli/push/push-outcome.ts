import type { TagResult } from '../../push/push-result.ts';
import type { VerifiedImage } from '../../registry/verify-image.ts';
import { formatBytes, formatCount, formatDuration } from '../format.ts';
import type { Outcome } from '../outcome.ts';
import type { GuardedResult } from './guard-tags.ts';

/** What a push command knows beside the result of the push. */
export interface PushFacts {
  /** `HOST/alias/repo:tag`, without HOST and alias where that is not known; `@digest` in place of a tag that is not there. */
  readonly reference: string;
  readonly registryId: string | undefined;
  readonly repositoryName: string;
  /** As the registry's paths have it; undefined when nobody tells. */
  readonly registryAlias: string | undefined;
  readonly dryRun: boolean;
  /** The repository did not exist before. */
  readonly createdRepository: boolean;
  readonly apiCalls: number;
  readonly retries: number;
  readonly durationMs: number;
  /** What was read back of it. */
  readonly verified?: VerifiedImage | undefined;
}

export function describePush(result: GuardedResult, facts: PushFacts): Outcome {
  const { imageDigest, imageManifestMediaType, manifests, layers, bytes, tags } = result;
  const { reference, registryId, repositoryName, dryRun, apiCalls, retries, durationMs } = facts;
  return {
    result: {
      reference,
      registryId,
      repositoryName,
      imageDigest,
      imageManifestMediaType,
      tags: tags.map((tag) => describeTag(tag, facts.createdRepository)),
      manifests: manifests.map(({ platform, ...manifest }) => ({
        ...manifest,
        platform: platform && { ...platform },
      })),
      layers: { ...layers },
      bytes: { ...bytes },
      apiCalls,
      retries,
      durationMs,
      verified: facts.verified && { ...facts.verified },
      ...(dryRun && { dryRun }),
    },
    view: reference.includes('@') ? reference : `${reference}@${imageDigest}`,
  };
}

/** `put` says that nobody looked: then there is no status, but in a repository that was empty. */
function describeTag({ imageTag, status, imageDigest }: TagResult, createdRepository: boolean) {
  if (imageDigest !== undefined) return { imageTag, status, imageDigest };
  if (status !== 'put') return { imageTag, status };
  return createdRepository ? { imageTag, status: 'created' } : { imageTag };
}

/** The one line for a person at the end. */
export function summarizePush(result: GuardedResult, facts: PushFacts): string {
  const { layers, bytes, tags } = result;
  const took = formatDuration(facts.durationMs);
  if (tags.length > 0 && tags.every(({ imageDigest }) => imageDigest !== undefined)) {
    return `Skipped: ${tags.length === 1 ? 'the tag exists' : 'all tags exist'} already; checked in ${took}.`;
  }
  const isUnchanged = layers.uploaded === 0 && tags.every((tag) => tag.status === 'unchanged');
  if (isUnchanged && !facts.dryRun) {
    return `Unchanged: everything was there already; ${facts.verified ? 'verified' : 'checked'} in ${took}.`;
  }
  const parts = [
    layers.uploaded > 0 &&
      `${formatCount(layers.uploaded, 'blob')} (${formatBytes(bytes.uploaded)}) uploaded`,
    bytes.resumed > 0 && `${formatBytes(bytes.resumed)} resumed`,
    layers.existing > 0 && `${formatCount(layers.existing, 'blob')} there already`,
    layers.skipped > 0 && `${formatCount(layers.skipped, 'foreign layer')} left out`,
  ];
  const done = parts.filter((part) => part !== false).join(', ');
  return facts.dryRun
    ? `Dry run, nothing was sent: ${done.replace('uploaded', 'to upload')}.`
    : `Pushed${facts.verified ? ' and verified' : ''} in ${took}: ${done}.`;
}
