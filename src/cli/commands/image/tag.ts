import { ECR_PUBLIC_LIMITS } from '../../../ecr/limits.ts';
import { connectTarget } from '../../../ecr/target/connect-target.ts';
import type { ImageTarget } from '../../../ends/image-target.ts';
import { guardTags, type TagPolicy } from '../../../engine/guard-tags.ts';
import { checkTagCount } from '../../../engine/limits.ts';
import type { PlannedManifest, PushPlan } from '../../../engine/plan/push-plan.ts';
import { putManifests } from '../../../engine/put-manifests.ts';
import type { TagResult } from '../../../engine/result.ts';
import { EcrpError } from '../../../errors.ts';
import type { Digest } from '../../../oci/digest.ts';
import { formatReference, formatRepository, parseReference, type Reference } from '../../../oci/reference.ts';
import { assertTag, orderTags } from '../../../oci/tags.ts';
import type { CommandContext } from '../../command-context.ts';
import { type EcrSession, withEcr } from '../../ecr-session.ts';
import type { Outcome } from '../../output.ts';
import { locatePrivate } from '../../private-place.ts';
import { RegistryFinder } from '../../registry-finder.ts';
import { findRegistryHosts, requireRegistryOf } from '../../service-address.ts';
import { findTagged } from './find-tagged.ts';
import { openNamedRepository } from './open-repository.ts';
import { type NamedRepository, requireNamedRepository } from './place.ts';

export interface ImageTagOptions {
  readonly ifExists: TagPolicy;
}

/** Puts further tags on an image: its manifest's exact bytes again, under each tag. No layer moves. */
export async function tagImage(
  context: CommandContext,
  text: string,
  given: readonly string[],
  { ifExists }: ImageTagOptions,
): Promise<Outcome> {
  const reference = parseReference(text, findRegistryHosts(context));
  if (reference.imageTag === undefined && reference.imageDigest === undefined) {
    const name = formatRepository(reference);
    throw new EcrpError('USAGE', `${name} names no image`, { hint: `Write ${name}:TAG or ${name}@DIGEST.` });
  }
  for (const tag of given) assertTag(tag);
  const tags = orderTags(given);
  // Both services have the same limit.
  checkTagCount(ECR_PUBLIC_LIMITS, tags.length);
  await requireRegistryOf(context, 'image tag', reference);
  const { signal } = context.io;
  const work = async (session: EcrSession): Promise<Outcome> => {
    const named = await requireNamedRepository(context, session, reference);
    const finder = new RegistryFinder(context, session, reference);
    const target = await connectRepositoryTarget(context, session, reference, finder);
    const digest = await findTagged(target, reference, signal);
    const reader = await openNamedRepository(context, session, reference);
    const { bytes, mediaType } = await reader.readManifest(digest);
    const root: PlannedManifest = { bytes, digest, mediaType };
    const { tags: results, registryId } = await putTags(target, root, tags, ifExists, signal);
    const found = await finder.find(registryId);
    reportTags(context, results);
    return describeTagging(named, root, results, found.registryId);
  };
  return withEcr(context, work, { place: reference });
}

async function connectRepositoryTarget(
  { options, waiting }: CommandContext,
  session: EcrSession,
  reference: Reference,
  finder: RegistryFinder,
): Promise<ImageTarget> {
  const { registryHost, registryAlias, repositoryName, privateRegistry } = reference;
  const { client } = session;
  if (privateRegistry !== undefined) {
    const { connectPrivateTarget } = await import('../../../ecr/private/connect-target.ts');
    return connectPrivateTarget(locatePrivate(session, { ...reference, privateRegistry }), {
      mostPartBytes: undefined,
      retryBudgetMs: options.retryBudget,
      onCreatedByTemplate: undefined,
    });
  }
  const place = {
    ...{ registryHost, registryAlias, repositoryName, readsRegistry: true },
    findAlias: (signal: AbortSignal) => finder.findAlias(signal),
    findAddress: () => finder.findAddress(),
  };
  return connectTarget(client, place, {
    mostPartBytes: undefined,
    retryBudgetMs: options.retryBudget,
    watchWait: (what, work) => waiting.during(what, work, true),
  });
}

/** Puts the tags as a push does that has sent everything. */
async function putTags(
  target: ImageTarget,
  root: PlannedManifest,
  tags: readonly string[],
  ifExists: TagPolicy,
  signal: AbortSignal,
): Promise<{ readonly tags: readonly TagResult[]; readonly registryId: string | undefined }> {
  const plan: PushPlan = {
    blobs: [],
    warnings: [],
    notes: [],
    skippedLayers: 0,
    buildManifests: () => [root],
  };
  const guarded = await guardTags(ifExists, plan, tags, target, signal);
  if (guarded.tags.length === 0) return { tags: guarded.kept, registryId: undefined };
  const settings = { target, concurrency: 1, uploads: undefined, dryRun: false, onEvent: () => undefined };
  const put = await putManifests([root], guarded, settings, () => refuseDamaged(root.digest), signal);
  const results = [...put.tags, ...guarded.kept];
  const order = (tag: TagResult): number => tags.indexOf(tag.imageTag);
  return { tags: results.sort((a, b) => order(a) - order(b)), registryId: put.registryId };
}

async function refuseDamaged(digest: Digest): Promise<never> {
  throw new EcrpError('UNAVAILABLE', `the repository lacks layers or images that ${digest} refers to`, {
    operation: 'PutImage',
    hint: 'The image is damaged: push it again.',
  });
}

function reportTags({ messages }: CommandContext, tags: readonly TagResult[]): void {
  for (const { imageTag, status, previousDigest, imageDigest } of tags) {
    if (imageDigest !== undefined) messages.note(`The tag ${imageTag} is left on ${imageDigest}.`);
    else if (previousDigest !== undefined) messages.note(`Moved the tag ${imageTag} from ${previousDigest}.`);
    else if (status === 'unchanged') messages.note(`The tag ${imageTag} is there already.`);
  }
}

function describeTagging(
  named: NamedRepository,
  { digest, mediaType }: PlannedManifest,
  tags: readonly TagResult[],
  registryId: string | undefined,
): Outcome {
  const placed = tags.filter(({ imageDigest }) => imageDigest === undefined);
  return {
    result: {
      reference: formatReference({ ...named, imageDigest: digest }),
      registryId,
      repositoryName: named.repositoryName,
      imageDigest: digest,
      imageManifestMediaType: mediaType,
      tags: tags.map(({ imageTag, status, previousDigest, imageDigest }) => ({
        imageTag,
        ...(status !== 'put' && { status }),
        previousDigest,
        imageDigest,
      })),
    },
    view: placed.map(({ imageTag }) => formatReference({ ...named, imageTag, imageDigest: digest })),
  };
}
