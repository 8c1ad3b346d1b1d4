import type { PutAnswer } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { type GuardedTags, keepTag } from './guard-tags.ts';
import type { PlannedManifest } from './plan/push-plan.ts';
import type { ManifestResult, PushResult, TagResult } from './result.ts';
import type { PushSettings } from './uploader.ts';

type Stored = Exclude<PutAnswer, { kind: 'missing' }>;

export type PutResult = Pick<PushResult, 'registryId' | 'imageDigest' | 'manifests' | 'tags'> & {
  readonly imageManifestMediaType: string;
};

/**
 * Puts the manifests, children first, some under tags of their own, then the root once per tag. When the target misses what a manifest refers
 * to, calls `repair` and puts all of them again, once.
 */
export async function putManifests(
  manifests: readonly PlannedManifest[],
  { tags, confirm }: Pick<GuardedTags, 'tags' | 'confirm'>,
  settings: PushSettings,
  repair: () => Promise<void>,
  signal: AbortSignal,
): Promise<PutResult> {
  const { dryRun, onEvent } = settings;
  const children = manifests.slice(0, -1);
  const root = manifests.at(-1);
  if (!root) throw new TypeError('a plan without a manifest');
  let registryId: string | undefined;
  let isRepaired = false;
  const startPhase = (): void =>
    onEvent({ kind: 'phase', phase: 'put', manifests: children.length + Math.max(1, tags.length) });

  const put = async (manifest: PlannedManifest, tag: string | undefined): Promise<Stored['kind']> => {
    const answer = await putOne(manifest, tag, settings, signal);
    if (answer.kind !== 'missing') {
      registryId ??= answer.kind === 'put' ? answer.registryId : undefined;
      return answer.kind;
    }
    if (isRepaired) throw explainMissing(manifest, answer.detail);
    isRepaired = true;
    await repair();
    startPhase();
    const position = children.indexOf(manifest);
    for (const child of position < 0 ? children : children.slice(0, position)) {
      await put(child, child.imageTag);
    }
    return put(manifest, tag);
  };

  startPhase();
  const results: ManifestResult[] = [];
  for (const child of children) results.push(describeManifest(child, await put(child, child.imageTag)));
  const tagResults: TagResult[] = [];
  let rootStatus: Stored['kind'] | undefined;
  for (const { tag, previous } of tags) {
    const before = await previous;
    const keptOn = await confirm(tag, root.digest, signal);
    if (keptOn !== undefined) {
      tagResults.push(keepTag(tag, keptOn));
      continue;
    }
    const status = await put(root, tag);
    rootStatus ??= status;
    tagResults.push({ imageTag: tag, ...judgeTag(status, before, root.digest) });
  }
  if (tags.length === 0) rootStatus = await put(root, undefined);
  // When every tag stays elsewhere, nothing must point at the image, so it is not put.
  if (rootStatus !== undefined) results.push(describeManifest(root, rootStatus));
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

async function putOne(
  { bytes, mediaType, digest }: PlannedManifest,
  tag: string | undefined,
  { target, dryRun, onEvent }: PushSettings,
  signal: AbortSignal,
): Promise<PutAnswer> {
  if (dryRun) return { kind: 'put', registryId: undefined };
  signal.throwIfAborted();
  const answer = await target.putManifest({ bytes, mediaType, digest, tag }, signal);
  if (answer.kind !== 'missing') {
    onEvent({ kind: 'manifest-put', imageDigest: digest, imageTag: tag, status: answer.kind });
  }
  return answer;
}

function judgeTag(
  status: Stored['kind'],
  before: Digest | undefined | 'unknown',
  digest: Digest,
): Omit<TagResult, 'imageTag'> {
  if (status === 'unchanged' || before === digest) return { status: 'unchanged' };
  if (before === 'unknown') return { status: 'put' };
  return before === undefined ? { status: 'created' } : { status: 'moved', previousDigest: before };
}

function describeManifest(
  { digest, mediaType, platform }: PlannedManifest,
  status: Stored['kind'],
): ManifestResult {
  return {
    imageDigest: digest,
    imageManifestMediaType: mediaType,
    ...(platform === undefined ? {} : { platform }),
    status,
  };
}

function explainMissing(manifest: PlannedManifest, detail: string): EcrpError {
  return new EcrpError(
    'UNAVAILABLE',
    `The service still misses what the manifest ${manifest.digest} refers to, after it was sent again: ${detail}`,
    { operation: 'PutImage', hint: 'Run the command again in a minute.' },
  );
}
