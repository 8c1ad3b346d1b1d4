import { type CheckedBatch, deleteImages } from '../../../ecr/delete-images.ts';
import {
  describeExisting,
  type ImageDetail,
  type ImageIdentifier,
  listImagePages,
} from '../../../ecr/images.ts';
import type { RepositoryAddress } from '../../../ecr/repositories.ts';
import { EcrpError } from '../../../errors.ts';
import { formatRepository, type RepositoryReference } from '../../../oci/reference.ts';
import { decideRetention } from '../../../retention/decide.ts';
import { compileGlobs } from '../../../retention/glob.ts';
import { groupParentsFirst, linkImages, type ManifestLinks } from '../../../retention/links.ts';
import type { RetentionRules } from '../../../retention/rules.ts';
import { listUnread } from '../../../retention/unread.ts';
import { assertConfirmable, cancel, confirm } from '../../ask.ts';
import type { CommandContext } from '../../command-context.ts';
import { type EcrSession, withEcr } from '../../ecr-session.ts';
import { formatCount } from '../../format.ts';
import type { Age } from '../../options.ts';
import type { Outcome } from '../../output.ts';
import { readRepository, resolveRepository } from '../../own-registry.ts';
import type { RepositoryDeletion } from './deletion.ts';
import { collectImages, type ImageColumns } from './image-columns.ts';
import { type Decision, showDecision, showPruned } from './prune-view.ts';
import { openLinkReader, type ReadLinks } from './read-links.ts';

export interface ImagePruneOptions {
  readonly untagged?: boolean;
  readonly olderThan?: Age;
  readonly keep?: number;
  readonly match?: readonly string[];
  readonly protect?: readonly string[];
  readonly withChildren?: boolean;
  readonly allowEmpty?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/**
 * Deletes the images of a repository that meet all rules, and keeps what belongs to the others.
 * @param nowMs The time that ages are counted from, in milliseconds since 1970.
 */
export async function pruneImages(
  context: CommandContext,
  name: string,
  options: ImagePruneOptions,
  nowMs = Date.now(),
): Promise<Outcome> {
  const reference = readRepository(context, name);
  const rules = readRules(options);
  const { dryRun = false, yes = false, allowEmpty = false } = options;
  const what = `pruning ${formatRepository(reference)}`;
  if (!dryRun && !yes) assertConfirmable(context, what);
  const { signal } = context.io;
  return withEcr(
    context,
    async (session) => {
      const address = await resolveRepository(session, reference, signal);
      const images = await collectImages(
        keepActive(context, listImagePages(session.client, address, signal)),
      );
      const readLinks = await openLinks(context, session, reference);
      const decision = await decide(images, rules, options.olderThan?.text, nowMs, readLinks);
      const going = decision.verdicts.flatMap(({ action }, position) =>
        action === 'delete' ? [position] : [],
      );
      const empties = going.length > 0 && going.length === images.length;
      if (dryRun) {
        if (empties && !allowEmpty)
          context.messages.warn(`${what} would leave nothing, so it needs --allow-empty`);
        return showDecision(context, decision);
      }
      if (empties && !allowEmpty) throw refuseEmptying(what, images.length);
      if (going.length > 0 && !yes) {
        const count = `${going.length} of ${formatCount(images.length, 'image')}`;
        const question = `Delete ${count} of ${formatRepository(reference)}? --dry-run shows which. This cannot be undone.`;
        if (!(await confirm(context, question, what))) return cancel(context);
      }
      const groups = groupParentsFirst(decision.linked, going).map((group) =>
        Array.from(images.pick(group), ([, { imageDigest }]) => ({ imageDigest })),
      );
      const judged = new Map(
        Array.from(images.pick(going), ([, { imageDigest, imageTags }]) => [imageDigest, imageTags]),
      );
      const check = (ids: readonly ImageIdentifier[]) => checkTags(session, address, judged, ids, signal);
      const report = await deleteImages(session.client, address, groups, signal, check);
      const deletion: RepositoryDeletion = { repository: reference, ...report };
      return showPruned(context, decision, deletion);
    },
    { place: reference },
  );
}

/** Prepares to read manifests: of ECR Public through `/v2/`, of private ECR through its API. */
async function openLinks(
  context: CommandContext,
  session: EcrSession,
  reference: RepositoryReference,
): Promise<ReadLinks> {
  const { privateRegistry } = reference;
  if (privateRegistry === undefined) return openLinkReader(context, session, reference);
  const { openPrivateLinks } = await import('./private-links.ts');
  return openPrivateLinks(context, session, { ...reference, privateRegistry });
}

/** Leaves out archived images of private ECR: they cannot be read, and its lifecycle policy decides about them. */
async function* keepActive(
  { messages }: CommandContext,
  pages: AsyncIterable<readonly ImageDetail[]>,
): AsyncGenerator<readonly ImageDetail[]> {
  let archived = 0;
  for await (const page of pages) {
    const active = page.filter(({ imageStatus = 'ACTIVE' }) => imageStatus === 'ACTIVE');
    archived += page.length - active.length;
    yield active;
  }
  if (archived > 0)
    messages.note(
      `${formatCount(archived, 'archived image')} not looked at; a lifecycle policy can delete them.`,
    );
}

/**
 * Leaves out images whose tags have changed since they were judged. Reading manifests and asking takes time, and a digest takes all tags
 * with it. Images that are gone need nothing.
 * @param judged The tags that each image to delete had, by digest.
 */
async function checkTags(
  { client }: EcrSession,
  address: RepositoryAddress,
  judged: ReadonlyMap<string, readonly string[]>,
  ids: readonly ImageIdentifier[],
  signal: AbortSignal,
): Promise<CheckedBatch> {
  const found = await describeExisting(client, address, ids, signal);
  const hasChanged = ({ imageDigest, imageTags }: ImageDetail): boolean =>
    [...imageTags].sort().join(' ') !== [...(judged.get(imageDigest) ?? [])].sort().join(' ');
  return {
    imageIds: found.filter((image) => !hasChanged(image)).map(({ imageDigest }) => ({ imageDigest })),
    failures: found.filter(hasChanged).map(({ imageDigest }) => ({
      imageId: { imageDigest, imageTag: undefined },
      failureCode: 'ImageTagDoesNotMatchDigest',
      failureReason: 'its tags have changed since prune looked at it',
    })),
  };
}

/** Throws USAGE without a rule, because everything would go, and for a bad pattern. */
function readRules(options: ImagePruneOptions): RetentionRules {
  const { untagged = false, olderThan, keep, match = [], protect = [], withChildren = false } = options;
  if (!untagged && olderThan === undefined && keep === undefined) {
    throw new EcrpError('USAGE', 'image prune needs a rule', {
      hint: 'Give --untagged, --older-than AGE or --keep N. With several, an image goes if it meets all.',
    });
  }
  // Throws before anything is asked.
  compileGlobs([...match, ...protect]);
  return { untagged, olderThanMs: olderThan?.ms, keep, match, protect, withChildren };
}

/** Decides, and reads manifests as long as they may change the decision. */
async function decide(
  images: ImageColumns,
  rules: RetentionRules,
  age: string | undefined,
  nowMs: number,
  readLinks: ReadLinks,
): Promise<Decision> {
  const known = new Map<string, ManifestLinks>();
  for (;;) {
    const linked = linkImages(images, known);
    const verdicts = decideRetention(linked, rules, nowMs);
    const unread = listUnread(images, verdicts, known);
    if (unread.length === 0) return { images, linked, verdicts, rules, age };
    for (const [digest, links] of await readLinks(unread)) known.set(digest, links);
  }
}

function refuseEmptying(what: string, count: number): EcrpError {
  return new EcrpError('CONFLICT', `${what} would delete all of its ${formatCount(count, 'image')}`, {
    hint: 'Nothing was deleted. Add --allow-empty if you mean it; --dry-run shows why each would go.',
  });
}
