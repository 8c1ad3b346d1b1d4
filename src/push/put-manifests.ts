import type { PutAnswer } from '../ecr/push-service.ts';
import { EcrpError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { PushOptions } from './push-options.ts';
import type { PlannedManifest } from './push-plan.ts';
import type { ManifestResult, PushResult, TagResult } from './push-result.ts';

type Stored = Exclude<PutAnswer, { kind: 'missing' }>;

interface TagToPut {
  readonly tag: string;
  readonly previous: Promise<Digest | undefined | 'unknown'> | undefined;
}

/**
 * Puts the manifests, children first, some under tags of their own, then the root once per tag. When the service misses what a manifest refers to,
 * `repair` is called and all are put again, once.
 */
export async function putManifests(
  manifests: readonly PlannedManifest[],
  tags: readonly TagToPut[],
  options: PushOptions,
  repair: () => Promise<void>,
): Promise<Pick<PushResult, 'registryId' | 'imageDigest' | 'imageManifestMediaType' | 'manifests' | 'tags'>> {
  const children = manifests.slice(0, -1);
  const root = manifests.at(-1);
  if (!root) {
    throw new TypeError('a plan without a manifest');
  }
  let registryId: string | undefined;
  let repaired = false;
  const startPhase = (): void =>
    options.onEvent?.({ kind: 'phase', phase: 'put', manifests: children.length + Math.max(1, tags.length) });

  const put = async (manifest: PlannedManifest, tag: string | undefined): Promise<Stored['kind']> => {
    const answer = await putOne(manifest, tag, options);
    if (answer.kind !== 'missing') {
      registryId ??= answer.kind === 'put' ? answer.registryId : undefined;
      return answer.kind;
    }
    if (repaired) {
      throw explainMissing(manifest, answer.detail);
    }
    repaired = true;
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
  for (const child of children) {
    results.push(describe(child, await put(child, child.imageTag)));
  }
  const tagResults: TagResult[] = [];
  let rootStatus: Stored['kind'] | undefined;
  for (const { tag, previous } of tags) {
    const before = await previous;
    const kept = await options.guardTag?.(tag, root.digest, options.signal);
    if (kept !== undefined) {
      tagResults.push({ imageTag: tag, status: 'unchanged', imageDigest: kept });
      continue;
    }
    const status = await put(root, tag);
    rootStatus ??= status;
    tagResults.push({ imageTag: tag, ...judgeTag(status, before, previous !== undefined, root.digest) });
  }
  if (tags.length === 0) {
    rootStatus = await put(root, undefined);
  }
  // Undefined when every tag was kept where it is: then nothing shall point at the image, and it is not put.
  if (rootStatus !== undefined) {
    results.push(describe(root, rootStatus));
  }
  return {
    registryId,
    imageDigest: root.digest,
    imageManifestMediaType: root.mediaType,
    manifests: options.dryRun ? judgeUnsent(results, tagResults) : results,
    tags: tagResults,
  };
}

/** Of what a dry run does not send nobody says whether it is there: it is, where a tag of the root is on it. */
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
  { service, signal, dryRun, onEvent }: PushOptions,
): Promise<PutAnswer> {
  if (dryRun) {
    return { kind: 'put', registryId: undefined };
  }
  signal.throwIfAborted();
  const answer = await service.putImage({ manifest: bytes, mediaType, digest, tag }, signal);
  if (answer.kind !== 'missing') {
    onEvent?.({ kind: 'manifest-put', imageDigest: digest, imageTag: tag, status: answer.kind });
  }
  return answer;
}

function judgeTag(
  status: Stored['kind'],
  before: Digest | undefined | 'unknown',
  asked: boolean,
  digest: Digest,
): Omit<TagResult, 'imageTag'> {
  if (status === 'unchanged' || before === digest) {
    return { status: 'unchanged' };
  }
  if (!asked || before === 'unknown') {
    return { status: 'put' };
  }
  return before === undefined ? { status: 'created' } : { status: 'moved', previousDigest: before };
}

function describe({ digest, mediaType, platform }: PlannedManifest, status: Stored['kind']): ManifestResult {
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
