import type { PutAnswer } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { type GuardedTags, keepTag } from './guard-tags.ts';
import { findRoot, type PlannedManifest } from './plan/push-plan.ts';
import type { ManifestResult, PushResult, TagResult } from './result.ts';
import type { PushSettings } from './uploader.ts';

type Status = ManifestResult['status'];

/** What became of a manifest. */
interface PutOutcome {
  readonly status: Status;
  /** Of a refusal. */
  readonly reason?: string;
}

export type PutResult = Pick<PushResult, 'registryId' | 'imageDigest' | 'manifests' | 'tags'> & {
  readonly imageManifestMediaType: string;
};

/**
 * Puts the manifests: children first, some under tags of their own, then the root once per tag, then its referrers. When the target misses what
 * a manifest refers to, calls `repair` and puts again what was put before it, once. A travelling artifact that the target refuses is noted.
 */
export async function putManifests(
  manifests: readonly PlannedManifest[],
  { tags, confirm }: Pick<GuardedTags, 'tags' | 'confirm'>,
  settings: PushSettings,
  repair: () => Promise<void>,
  signal: AbortSignal,
): Promise<PutResult> {
  const { dryRun, onEvent } = settings;
  const root = findRoot(manifests);
  const children = manifests.slice(0, manifests.indexOf(root));
  const referrers = manifests.slice(children.length + 1);
  let registryId: string | undefined;
  let isRepaired = false;
  let hasRefused = false;
  const calls = children.length + Math.max(1, tags.length) + referrers.length;
  const startPhase = (): void => onEvent({ kind: 'phase', phase: 'put', manifests: calls });

  const put = async (manifest: PlannedManifest, tag: string | undefined): Promise<PutOutcome> => {
    const { travels } = manifest;
    const answer = await putOne(manifest, tag, settings, signal);
    if (answer.kind === 'refused' || (answer.kind === 'missing' && travels !== undefined && hasRefused)) {
      hasRefused = true;
      onEvent({ kind: 'manifest-put', imageDigest: manifest.digest, imageTag: tag, status: 'refused' });
      return { status: 'refused', reason: answer.detail };
    }
    if (answer.kind !== 'missing') {
      registryId ??= answer.kind === 'put' ? answer.registryId : undefined;
      return { status: answer.kind };
    }
    if (isRepaired) throw explainMissing(manifest, answer.detail);
    isRepaired = true;
    await repair();
    startPhase();
    const group = travels === 'after' ? referrers : children;
    const position = group.indexOf(manifest);
    for (const earlier of position < 0 ? group : group.slice(0, position)) {
      await put(earlier, earlier.imageTag);
    }
    return put(manifest, tag);
  };

  startPhase();
  const results: ManifestResult[] = [];
  for (const child of children) results.push(describeManifest(child, await put(child, child.imageTag)));
  const tagResults: TagResult[] = [];
  let rootOutcome: PutOutcome | undefined;
  for (const { tag, previous } of tags) {
    const before = await previous;
    const keptOn = await confirm(tag, root.digest, signal);
    if (keptOn !== undefined) {
      tagResults.push(keepTag(tag, keptOn));
      continue;
    }
    const outcome = await put(root, tag);
    rootOutcome ??= outcome;
    tagResults.push({ imageTag: tag, ...judgeTag(outcome.status, before, root.digest) });
  }
  if (tags.length === 0) rootOutcome = await put(root, undefined);
  // When every tag stays elsewhere, nothing must point at the image, so it is not put.
  if (rootOutcome !== undefined) {
    results.push(describeManifest(root, rootOutcome));
    for (const each of referrers) results.push(describeManifest(each, await put(each, undefined)));
  }
  return {
    registryId,
    imageDigest: root.digest,
    imageManifestMediaType: root.mediaType,
    manifests: dryRun ? judgeUnsent(results, tagResults) : results,
    tags: tagResults,
  };
}

/** A dry run does not ask whether manifests are there. They are when a tag of the root points at it. */
function judgeUnsent(
  manifests: readonly ManifestResult[],
  tags: readonly TagResult[],
): readonly ManifestResult[] {
  const isThere = tags.some(({ status, imageDigest }) => status === 'unchanged' && imageDigest === undefined);
  return isThere ? manifests.map((manifest) => ({ ...manifest, status: 'unchanged' })) : manifests;
}

/** An answer, or the refusal of a travelling artifact: the image is whole without it. */
async function putOne(
  { bytes, mediaType, digest, travels }: PlannedManifest,
  tag: string | undefined,
  { target, dryRun, onEvent }: PushSettings,
  signal: AbortSignal,
): Promise<PutAnswer | { readonly kind: 'refused'; readonly detail: string }> {
  if (dryRun) return { kind: 'put', registryId: undefined };
  signal.throwIfAborted();
  try {
    const answer = await target.putManifest({ bytes, mediaType, digest, tag }, signal);
    if (answer.kind !== 'missing') {
      onEvent({ kind: 'manifest-put', imageDigest: digest, imageTag: tag, status: answer.kind });
    }
    return answer;
  } catch (error) {
    const isRefusal = error instanceof EcrpError && error.code === 'INVALID_INPUT' && travels !== undefined;
    if (isRefusal) return { kind: 'refused', detail: error.message };
    throw error;
  }
}

function judgeTag(
  status: Status,
  before: Digest | undefined | 'unknown',
  digest: Digest,
): Omit<TagResult, 'imageTag'> {
  if (status === 'unchanged' || before === digest) return { status: 'unchanged' };
  if (before === 'unknown') return { status: 'put' };
  return before === undefined ? { status: 'created' } : { status: 'moved', previousDigest: before };
}

function describeManifest(
  { digest, mediaType, platform, artifactType }: PlannedManifest,
  outcome: PutOutcome,
): ManifestResult {
  return {
    imageDigest: digest,
    imageManifestMediaType: mediaType,
    ...(platform !== undefined && { platform }),
    ...(artifactType !== undefined && { artifactType }),
    ...outcome,
  };
}

function explainMissing(manifest: PlannedManifest, detail: string): EcrpError {
  return new EcrpError(
    'UNAVAILABLE',
    `The service still misses what the manifest ${manifest.digest} refers to, after it was sent again: ${detail}`,
    { operation: 'PutImage', hint: 'Run the command again in a minute.' },
  );
}
