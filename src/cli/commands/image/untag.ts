import { deleteImages } from '../../../ecr/delete-images.ts';
import { describeExisting, type ImageDetail } from '../../../ecr/images.ts';
import { connectPush } from '../../../ecr/push.ts';
import { EcrpError } from '../../../errors.ts';
import { listNames } from '../../../foreign-text.ts';
import { formatRepository } from '../../../oci/reference.ts';
import { assertTag } from '../../../oci/tags.ts';
import { assertConfirmable, cancel, confirm } from '../../ask.ts';
import type { CommandContext } from '../../command-context.ts';
import { type EcrSession, withEcr } from '../../ecr-session.ts';
import type { Outcome } from '../../output.ts';
import { requireRegistryOf } from '../../service-address.ts';
import { describeDeletions, type RepositoryDeletion } from './deletion.ts';
import { openNamedRepository } from './open-repository.ts';
import { type PlannedDeletion, planDeletion } from './plan-deletion.ts';
import { readImages } from './references.ts';

export interface ImageUntagOptions {
  readonly keepAs?: string;
  readonly yes?: boolean;
}

/** An image that would lose its last tag, and with it its place in the repository. */
interface LastTag {
  readonly plan: PlannedDeletion;
  readonly image: ImageDetail;
}

/** Removes tags and keeps their images. Everything is checked before anything is removed. */
export async function untagImages(
  context: CommandContext,
  texts: readonly string[],
  { keepAs, yes = false }: ImageUntagOptions,
): Promise<Outcome> {
  const { wanted, place } = readImages(context, texts, { needsTag: true });
  if (keepAs !== undefined) {
    assertTag(keepAs);
    const isRemoved = wanted.some(({ images }) => images.some(({ imageTag }) => imageTag === keepAs));
    if (isRemoved)
      throw new EcrpError('USAGE', `--keep-as ${keepAs} is a tag to remove`, { hint: 'Choose another tag.' });
    await requireRegistryOf(context, 'image untag --keep-as', place);
  }
  const { signal } = context.io;
  return withEcr(
    context,
    async (session) => {
      const planned: PlannedDeletion[] = [];
      for (const each of wanted) planned.push(await planDeletion(context, session, each));
      const lasts = planned.flatMap((plan) => plan.whole.map((image) => ({ plan, image })));
      const last = chooseLast(lasts, keepAs);
      if (last !== undefined && keepAs !== undefined) {
        const what = `removing the last tag of ${last.image.imageDigest}`;
        if (!yes) assertConfirmable(context, what);
        await assertFree(session, last, keepAs, signal);
        const question = `Put the tag ${keepAs} on ${last.image.imageDigest}, and remove its last tag, ${listNames(last.image.imageTags)}?`;
        if (!yes && !(await confirm(context, question, what))) return cancel(context);
        await putTag(context, session, last, keepAs);
      }
      const deletions: RepositoryDeletion[] = [];
      for (const { repository, address, groups } of planned) {
        const report = await deleteImages(session.client, address, groups, signal);
        deletions.push({ repository, ...report });
        if (report.error !== undefined) break;
      }
      const tags = last && keepAs ? [{ imageTag: keepAs, status: 'created' }] : [];
      return describeDeletions(context, deletions, { tags });
    },
    { place },
  );
}

/** Finds the one image that needs another tag. Throws CONFLICT without `--keep-as`, USAGE if several need one. */
function chooseLast(lasts: readonly LastTag[], keepAs: string | undefined): LastTag | undefined {
  const [first, ...others] = lasts;
  if (first === undefined) return undefined;
  const { imageDigest, imageTags } = first.image;
  if (keepAs === undefined) {
    const name = `${formatRepository(first.plan.repository)}:${imageTags[0]}`;
    throw new EcrpError(
      'CONFLICT',
      `${name}: ${imageTags.length === 1 ? 'this is the last tag' : 'these are the last tags'} of ${imageDigest}, and the service deletes an image with its last tag`,
      {
        hint: `Keep the image under another tag with --keep-as TAG, or delete it: 'ecrp image delete ${name}'.`,
      },
    );
  }
  if (others.length === 0) return first;
  const digests = lasts.map(({ image }) => image.imageDigest);
  throw new EcrpError('USAGE', `--keep-as ${keepAs}: ${lasts.length} images would lose their last tag`, {
    items: digests,
    hint: 'Remove the tags of one image at a time.',
  });
}

/** Throws CONFLICT if the tag is on another image: it would be moved. */
async function assertFree(
  { client }: EcrSession,
  { plan: { address, repository }, image }: LastTag,
  keepAs: string,
  signal: AbortSignal,
): Promise<void> {
  const [other] = await describeExisting(client, address, [{ imageTag: keepAs }], signal);
  if (other === undefined || other.imageDigest === image.imageDigest) return;
  throw new EcrpError(
    'CONFLICT',
    `${formatRepository(repository)}: the tag ${keepAs} is on another image, ${other.imageDigest}`,
    { hint: 'Choose a tag that does not exist yet.' },
  );
}

async function putTag(
  context: CommandContext,
  session: EcrSession,
  { plan: { address, repository }, image: { imageDigest } }: LastTag,
  tag: string,
): Promise<void> {
  const reader = await openNamedRepository(context, session, repository);
  const { bytes, digest, mediaType } = await reader.readManifest(imageDigest);
  const service = connectPush(session.client, address);
  const answer = await service.putImage({ bytes, digest, mediaType, tag }, context.io.signal);
  if (answer.kind !== 'missing') return;
  throw new EcrpError('UNAVAILABLE', `${reader.name}: ${digest} cannot be tagged: ${answer.detail}`, {
    operation: 'PutImage',
    hint: 'Nothing was removed. The image is damaged: push it again.',
  });
}
