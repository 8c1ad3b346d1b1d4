import { exitStatusOf } from '../../errors.ts';
import { listNames } from '../../foreign-text.ts';
import type { TagResult } from '../../push/push-result.ts';
import type { VerifiedImage } from '../../registry/verify-image.ts';
import { formatBytes, formatCount, formatDuration } from '../format.ts';
import type { JsonObject, Outcome } from '../outcome.ts';
import { describeError } from '../output.ts';
import type { GuardedResult } from './guard-tags.ts';
import type { Tried } from './try-each.ts';

/** What a push command knows beside the result of the push. */
export interface PushFacts {
  /** `HOST/alias/repo:tag`, without HOST and alias where that is not known; `@digest` in place of a tag that is not there. */
  readonly reference: string;
  readonly registryId: string | undefined;
  readonly repositoryName: string;
  /** As the registry's paths have it; undefined when nobody tells. */
  readonly registryAlias: string | undefined;
  readonly dryRun: boolean;
  /** The repository did not exist before; in a dry run it still does not. */
  readonly createdRepository: boolean;
  readonly apiCalls: number;
  readonly retries: number;
  readonly durationMs: number;
  /** What was read back of it. */
  readonly verified?: VerifiedImage | undefined;
}

export interface PushedImage {
  readonly result: GuardedResult;
  readonly facts: PushFacts;
}

/** What became of each of several images; the status is that of the first that failed. */
export function describeEach(tried: readonly Tried<PushedImage>[]): Outcome {
  const failed = tried.find((each) => 'error' in each);
  const exitStatus = failed === undefined ? 0 : exitStatusOf(failed.error);
  const images = tried.map(
    (each): Outcome =>
      'error' in each
        ? { result: { reference: each.name, error: describeError(each.error) } }
        : describePush(each.result.result, each.result.facts),
  );
  return {
    result: { images: images.map(({ result }) => result), exitStatus },
    view: images.flatMap(({ view }) => view ?? []),
    exitStatus,
  };
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
      ...(dryRun && { dryRun, createsRepository: facts.createdRepository }),
    },
    view: dryRun ? [] : reference.includes('@') ? reference : `${reference}@${imageDigest}`,
  };
}

/** `put` says that nobody looked: then there is no status, but in a repository that was empty. */
function describeTag(
  { imageTag, status, previousDigest, imageDigest }: TagResult,
  createdRepository: boolean,
): JsonObject {
  if (status !== 'put') return { imageTag, status, previousDigest, imageDigest };
  return createdRepository ? { imageTag, status: 'created' } : { imageTag };
}

/** The summary for a person, a line each. */
export function summarizePush(result: GuardedResult, facts: PushFacts): readonly string[] {
  return [summarizeTransfer(result, facts), ...listMoves(result.tags, facts.dryRun)];
}

/** Where the repository is shown; undefined while there is nothing to be seen. */
export function findGalleryPage({ registryAlias, repositoryName, dryRun }: PushFacts): string | undefined {
  return registryAlias === undefined || dryRun
    ? undefined
    : `https://gallery.ecr.aws/${registryAlias}/${repositoryName}`;
}

/** The tags that moved, those from the same image together: so each can be put back. */
function listMoves(tags: readonly TagResult[], dryRun: boolean): readonly string[] {
  const moved = new Map<string, string[]>();
  for (const { imageTag, previousDigest } of tags) {
    if (previousDigest === undefined) continue;
    moved.set(previousDigest, [...(moved.get(previousDigest) ?? []), imageTag]);
  }
  return Array.from(moved, ([digest, names]) => {
    const what = `${names.length === 1 ? 'tag' : 'tags'} ${listNames(names)} from ${digest}`;
    return dryRun ? `Would move the ${what}.` : `Moved the ${what}.`;
  });
}

function summarizeTransfer(result: GuardedResult, facts: PushFacts): string {
  const { layers, bytes, tags } = result;
  const took = formatDuration(facts.durationMs);
  if (tags.length > 0 && tags.every(({ imageDigest }) => imageDigest !== undefined)) {
    return `Skipped: ${tags.length === 1 ? 'the tag exists' : 'all tags exist'} already; checked in ${took}.`;
  }
  const isPut = tags.length === 0 && result.manifests.at(-1)?.status === 'put';
  const isUnchanged = layers.uploaded === 0 && !isPut && tags.every((tag) => tag.status === 'unchanged');
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
  const creates = facts.createdRepository ? `the repository ${facts.repositoryName} would be created, ` : '';
  return facts.dryRun
    ? `Dry run, nothing was sent: ${creates}${done.replace('uploaded', 'to upload')}.`
    : `Pushed${facts.verified ? ' and verified' : ''} in ${took}: ${done}.`;
}
