import type { PushResult, TagResult } from '../../../engine/result.ts';
import { listNames } from '../../../foreign-text.ts';
import type { Digest } from '../../../oci/digest.ts';
import type { VerifiedImage } from '../../../registry/verify-image.ts';
import { formatBytes, formatCount, formatDuration } from '../../format.ts';
import type { PushCosts } from './cost-counter.ts';
import type { Transport } from './request.ts';

/** What a push command knows beside the result of the push. */
export interface PushFacts extends PushCosts {
  /** `HOST/alias/repo:tag`, without HOST and alias when the alias is unknown; with `@digest` when there is no tag. */
  readonly reference: string;
  readonly registryId: string | undefined;
  readonly repositoryName: string;
  /** The alias in the registry's paths; undefined when it is unknown. */
  readonly registryAlias: string | undefined;
  readonly dryRun: boolean;
  readonly transport: Transport;
  /** What was read back. */
  readonly verified?: VerifiedImage | undefined;
  /** The image of a registry that was copied. */
  readonly source?: CopiedSource | undefined;
}

export interface CopiedSource {
  /** `HOST/PATH:TAG` */
  readonly name: string;
  readonly imageDigest: Digest;
}

/** The summary for a person, line by line. */
export function summarizePush(result: PushResult, facts: PushFacts): readonly string[] {
  const kept = result.tags.filter(({ imageDigest }) => imageDigest !== undefined);
  return [
    ...kept.map(({ imageTag, imageDigest }) => `The tag ${imageTag} is left on ${imageDigest}.`),
    summarizeTransfer(result, facts),
    ...listMoves(result.tags, facts.dryRun),
  ];
}

/** The tags that moved, grouped by the image that they moved from, so that each can be moved back. */
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

function summarizeTransfer(result: PushResult, facts: PushFacts): string {
  const { layers, bytes, tags } = result;
  const took = formatDuration(facts.durationMs);
  if (tags.length > 0 && tags.every(({ imageDigest }) => imageDigest !== undefined)) {
    return `Skipped: ${tags.length === 1 ? 'the tag exists' : 'all tags exist'} already; checked in ${took}.`;
  }
  const root = result.manifests.findIndex(({ imageDigest }) => imageDigest === result.imageDigest);
  // An image without a tag, or what refers to an image that was there.
  const isPut = result.manifests
    .slice(tags.length === 0 ? root : root + 1)
    .some(({ status }) => status === 'put');
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
  const creates = result.createdRepository ? `the repository ${facts.repositoryName} would be created, ` : '';
  return facts.dryRun
    ? `Dry run, nothing was sent: ${`${creates}${done.replace('uploaded', 'to upload')}` || 'everything is there already'}.`
    : `${facts.source ? 'Copied' : 'Pushed'}${facts.verified ? ' and verified' : ''} in ${took}${done === '' ? '' : `: ${done}`}.`;
}
