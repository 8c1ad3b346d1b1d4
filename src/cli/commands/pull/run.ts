import type { ImageSource } from '../../../ends/image-source.ts';
import type { ReadManifest } from '../../../ends/image-target.ts';
import { planPush } from '../../../engine/plan/plan.ts';
import { pushImage } from '../../../engine/push-image.ts';
import type { PushResult } from '../../../engine/result.ts';
import { Uploader } from '../../../engine/uploader.ts';
import { EcrpError } from '../../../errors.ts';
import { formatImageAddress } from '../../../oci/image-address.ts';
import { isIndex } from '../../../oci/media-types.ts';
import type { RemoteRepository } from '../../../registry/remote-repository.ts';
import { ManifestCache } from '../../../registry/source/manifest-cache.ts';
import { openRegistrySource } from '../../../registry/source/open-registry-source.ts';
import type { SelectedImage } from '../../../source/select-images.ts';
import type { CommandContext } from '../../command-context.ts';
import { openRemoteRepository } from '../../open-remote.ts';
import type { Outcome } from '../../output.ts';
import { openProgress, type ProgressDisplay, type ProgressWords } from '../../progress/display.ts';
import { readArchivedImage } from './archived-image.ts';
import { openTarget, ReaderGone } from './open-target.ts';
import { findOwnPlatform, type PullOptions, type PullRequest, readPullRequest } from './request.ts';
import { describePulled, type PulledImage, summarizePull } from './view.ts';

/** How long a pull retries without progress: what it has fetched is worth more patience than a question. */
const PULL_BUDGET_MS = 5 * 60_000;

const WORDS: ProgressWords = {
  titles: { upload: 'Fetching', put: 'Writing' },
  toDo: 'to fetch',
  done: 'fetched',
  refused: 'what an earlier run left of it is wrong',
};

/** Pulls an image into a directory, a file or a stream: request → source → choice → plan → target → fetch → outcome. */
export async function pull(
  context: CommandContext,
  reference: string,
  destination: string,
  options: PullOptions,
): Promise<Outcome> {
  const request = await readPullRequest(context, reference, destination, options);
  const startedMs = performance.now();
  const name = formatImageAddress(request.address);
  const progress = await openProgress(context, { name, dryRun: false, words: WORDS });
  let pulled: PulledImage | undefined;
  try {
    pulled = await pullRequested(context, request, progress);
  } finally {
    progress.stop();
  }
  // Its reader has gone away, as in `… | head`.
  if (pulled === undefined) return {};
  const durationMs = Math.round(performance.now() - startedMs);
  for (const line of summarizePull(pulled.result, durationMs)) context.messages.note(line);
  return describePulled(request, pulled, durationMs);
}

/** Undefined if the reader of standard output went away. */
async function pullRequested(
  context: CommandContext,
  request: PullRequest,
  progress: ProgressDisplay,
): Promise<PulledImage | undefined> {
  const { signal } = context.io;
  const { address, concurrency } = request;
  const remote = await openRemoteRepository(context, address, {
    command: 'pull',
    concurrency,
    defaultBudgetMs: PULL_BUDGET_MS,
  });
  try {
    const root = await readRoot(remote, request, signal);
    const manifests = new ManifestCache(remember(remote, root), signal);
    try {
      const source = await openRegistrySource(manifests, { digest: root.digest, names: [] });
      const result = await pullImage(context, request, await selectWanted(source, request), progress);
      return result && { result, repository: remote.name };
    } finally {
      manifests.close();
    }
  } finally {
    remote.close();
  }
}

async function readRoot(
  remote: RemoteRepository,
  { address }: PullRequest,
  signal: AbortSignal,
): Promise<ReadManifest> {
  const root = await remote.readManifest(address.imageDigest ?? address.imageTag ?? '', signal);
  if (root !== undefined) return root;
  const name = formatImageAddress(address);
  const problem =
    address.privateRegistry === undefined ? 'does not exist, or is not public' : 'does not exist';
  throw new EcrpError('NOT_FOUND', `${name} ${problem}`, {
    hint: 'Check the name and the tag.',
  });
}

/** The same repository, but a manifest that was read by its tag is not read again by its digest. */
function remember(remote: RemoteRepository, root: ReadManifest): RemoteRepository {
  return {
    ...remote,
    readManifest: async (reference, signal) =>
      reference === root.digest ? root : remote.readManifest(reference, signal),
  };
}

/** Of an index, one platform means its image as it is; several make a new index. */
async function selectWanted(
  source: ImageSource,
  { platforms, isArchive }: PullRequest,
): Promise<SelectedImage> {
  const [image] = source.images;
  if (image?.kind !== 'manifest') throw new TypeError('a registry source without an image');
  const [first, ...others] = platforms;
  if (others.length > 0) {
    const { selectParts } = await import('../../../source/select-parts.ts');
    return selectParts(source, image, { platforms, attestations: 'keep' });
  }
  const wanted = first ?? (isArchive && isIndex(image.root.mediaType) ? findOwnPlatform() : undefined);
  if (wanted === undefined) return { source, image };
  const { selectOne } = await import('../../../source/select-one.ts');
  return selectOne(source, image, wanted);
}

async function pullImage(
  context: CommandContext,
  { address, destination, isArchive, concurrency }: PullRequest,
  selected: SelectedImage,
  progress: ProgressDisplay,
): Promise<PushResult | undefined> {
  const { source, image } = selected;
  const { io, messages } = context;
  if (image.kind !== 'manifest') throw new TypeError('a registry source without a manifest');
  const { imageTag } = address;
  const name = imageTag === undefined ? undefined : { imageTag, fullName: `${source.path}:${imageTag}` };
  const archived = isArchive ? await readArchivedImage(selected, name ? [name.fullName] : []) : undefined;
  const plan = await planPush(source, image, { limits: { service: destination.given } });
  for (const warning of plan.warnings) messages.warn(warning);
  for (const note of plan.notes) messages.note(note);
  const opened = await openTarget(context, destination, { root: image.root.digest, name, archived, plan });
  const uploader = new Uploader({
    target: opened.target,
    concurrency,
    uploads: undefined,
    dryRun: false,
    onEvent: (event) => progress.show(event),
  });
  let kept: string | undefined;
  try {
    const wanted = { tags: imageTag === undefined ? [] : [imageTag], ifExists: 'overwrite' as const };
    return await pushImage(plan, uploader, wanted, io.signal);
  } catch (error) {
    if (error instanceof ReaderGone) return undefined;
    throw error;
  } finally {
    kept = await opened.close();
    if (kept !== undefined)
      messages.note(`What was fetched is kept in ${kept}; the same pull continues there.`);
  }
}
