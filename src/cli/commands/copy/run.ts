import type { ImageTarget } from '../../../ends/image-target.ts';
import { rememberTarget } from '../../../engine/remember-target.ts';
import type { Digest } from '../../../oci/digest.ts';
import { formatImageAddress } from '../../../oci/image-address.ts';
import type { RepositoryReference } from '../../../oci/reference.ts';
import type { RemoteRepository } from '../../../registry/remote-repository.ts';
import { pickCosignTags, searchCosignTags } from '../../../registry/source/cosign-tags.ts';
import { ManifestCache } from '../../../registry/source/manifest-cache.ts';
import type { Matcher } from '../../../retention/glob.ts';
import { cancel, confirm } from '../../ask.ts';
import type { CommandContext } from '../../command-context.ts';
import { openRemoteRepository } from '../../open-remote.ts';
import type { Outcome } from '../../output.ts';
import { chooseTarget } from '../push/choose-target.ts';
import { type ConnectedRepository, connectRepository } from '../push/connect-repository.ts';
import { PUSH_BUDGET_MS } from '../push/push-budget.ts';
import { type PushRun, runPush } from '../push/push-run.ts';
import { type Tried, tryEach } from '../push/try-each.ts';
import type { PushedImage } from '../push/view.ts';
import { compareImage, copyImage } from './copy-image.ts';
import { groupTags, listWantedTags, refuseMissing } from './copy-tags.ts';
import { type CopyOptions, type CopyRequest, readCopyRequest } from './request.ts';
import { findTargetTags } from './target-tags.ts';
import { tryTogether } from './try-together.ts';

/** Copies images from a registry: request → session → both repositories → digests → what is missing → outcome. */
export async function copy(
  context: CommandContext,
  from: string,
  to: string,
  options: CopyOptions,
): Promise<Outcome> {
  const request = await readCopyRequest(context, from, to, options);
  const name = formatImageAddress(request.from);
  const { yes = false, dryRun = false } = options;
  if (request.isPublished && !yes && !dryRun) {
    const question = `${name} is in a private registry. Copy it to ECR Public, where everybody can pull it?`;
    if (!(await confirm(context, question, `copying ${name} to a public registry`))) return cancel(context);
  }
  const subject = { name, all: request.wantsTag !== undefined };
  return runPush(context, request.transfer, subject, (run) => copyRequested(run, request));
}

/** What is open while a command copies. */
interface OpenCopy {
  readonly run: PushRun;
  readonly request: CopyRequest;
  readonly remote: RemoteRepository;
  readonly manifests: ManifestCache;
  readonly repository: ConnectedRepository;
}

async function copyRequested(run: PushRun, request: CopyRequest): Promise<readonly Tried<PushedImage>[]> {
  const { context, session, progress } = run;
  const { transfer, wantsTag } = request;
  const remote = await openRemoteRepository(context, request.from, {
    command: 'copy',
    session,
    concurrency: transfer.concurrency,
    defaultBudgetMs: PUSH_BUDGET_MS,
    plainHttp: request.plainHttp,
    givenLogin: request.login,
    fromProfile: request.fromProfile,
  });
  const manifests = new ManifestCache(remote, context.io.signal);
  try {
    const chosen = chooseTarget(transfer.target, [], transfer.hosts);
    const mount = await findMounts(run, request, chosen);
    const repository = await connectRepository(context, session, progress, transfer, chosen, (target) =>
      rememberTarget(mount?.(target) ?? target),
    );
    const open = { run, request, remote, manifests, repository };
    return wantsTag === undefined ? [await copyOne(open)] : await copyAll(open, wantsTag);
  } finally {
    manifests.close();
    remote.close();
  }
}

/** Undefined where blobs have to travel. */
async function findMounts(
  run: PushRun,
  { from, transfer }: CopyRequest,
  to: RepositoryReference,
): Promise<((target: ImageTarget) => ImageTarget) | undefined> {
  const isPrivate = from.privateRegistry !== undefined && to.privateRegistry !== undefined;
  if (!isPrivate || transfer.dryRun) return undefined;
  const { prepareMounts } = await import('./mount-from.ts');
  return prepareMounts(run, from, to);
}

async function copyOne({
  run,
  request,
  remote,
  manifests,
  repository,
}: OpenCopy): Promise<Tried<PushedImage>> {
  const { signal } = run.context.io;
  const { imageTag, imageDigest } = request.from;
  const name = imageTag === undefined ? `${remote.name}@${imageDigest}` : `${remote.name}:${imageTag}`;
  const cosign = request.selection.referrers === 'drop' ? undefined : searchCosignTags(remote, signal);
  const findDigest = async (): Promise<Digest | undefined> => {
    const found = await remote.findDigest(imageDigest ?? imageTag ?? '', signal);
    if (found !== undefined && cosign !== undefined) askForReferrers(manifests, found);
    return found;
  };
  const [digest, targetTags] = await Promise.all([
    findDigest(),
    findTargetTags(run, repository, repository.chosen.tags),
  ]);
  if (digest === undefined) throw refuseMissing(name);
  const copying = { ...run, request, manifests, cosign };
  const compared = await compareImage(copying, { digest, name, repository }, targetTags);
  return { name, result: await copyImage(copying, compared) };
}

/** Asks before the answer is needed. The cache keeps it, and an error is thrown where it is needed. */
function askForReferrers(manifests: ManifestCache, digest: Digest): void {
  manifests.findReferrers(digest).catch(() => undefined);
}

/** Compares all images first, several at a time, so that those that are there already cost little. */
async function copyAll(
  { run, request, remote, manifests, repository }: OpenCopy,
  wantsTag: Matcher,
): Promise<readonly Tried<PushedImage>[]> {
  const { context, progress } = run;
  const { io, messages } = context;
  const { tags, others, listed } = await listWantedTags(remote, wantsTag, messages, io.signal);
  manifests.noteListed(listed);
  const cosign = request.selection.referrers === 'drop' ? undefined : pickCosignTags(others);
  // Its answer also says whether the registry has the referrers API: without it, all images would ask that at the same time.
  const noteDigest = (digest: Digest): void => {
    if (cosign !== undefined) askForReferrers(manifests, digest);
  };
  const [{ groups, failed }, targetTags] = await Promise.all([
    groupTags(remote, tags, noteDigest, io.signal),
    findTargetTags(run, repository, tags),
  ]);
  const copying = { ...run, request, manifests, cosign };
  const { repositoryName } = repository.chosen;
  const images = groups.map(({ digest, tags: own }) => {
    const chosen = { ...repository.chosen, tags: own, mainTag: own[0] };
    const image = { digest, name: `${remote.name}:${own[0]}`, repository: { ...repository, chosen } };
    return { image, name: `${repositoryName}:${own[0]}` };
  });
  const compared = await tryTogether(
    images,
    ({ image }) => compareImage(copying, image, targetTags),
    io.signal,
  );
  const total = compared.filter((each) => 'error' in each || !each.result.isSettled).length;
  let position = 0;
  const tried = await tryEach(
    compared,
    async (each) => {
      if ('error' in each) throw each.error;
      if (!each.result.isSettled) {
        position += 1;
        progress.startImage({ name: each.name, position, images: total });
      }
      return copyImage(copying, each.result);
    },
    io.signal,
  );
  return [...tried, ...failed];
}
