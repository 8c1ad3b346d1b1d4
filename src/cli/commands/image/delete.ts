import { deleteImages, isHeldByIndex } from '../../../ecr/delete-images.ts';
import type { ImageIdentifier } from '../../../ecr/images.ts';
import { listNames } from '../../../foreign-text.ts';
import { isIndex } from '../../../oci/media-types.ts';
import { formatRepository } from '../../../oci/reference.ts';
import { assertConfirmable, cancel, confirm } from '../../ask.ts';
import type { CommandContext } from '../../command-context.ts';
import { type EcrSession, withEcr } from '../../ecr-session.ts';
import { formatCount } from '../../format.ts';
import type { Outcome } from '../../output.ts';
import { requireRegistryOf } from '../../service-address.ts';
import { describeDeletions, type RepositoryDeletion } from './deletion.ts';
import { findChildren, type PlannedDeletion, planDeletion } from './plan-deletion.ts';
import { readImages } from './references.ts';

export interface ImageDeleteOptions {
  readonly withChildren?: boolean;
  readonly yes?: boolean;
}

/** Deletes tags and images. A tag takes its image with it if that has no other. */
export async function deleteNamedImages(
  context: CommandContext,
  texts: readonly string[],
  { withChildren = false, yes = false }: ImageDeleteOptions,
): Promise<Outcome> {
  const { wanted, place } = readImages(context, texts, { needsTag: false });
  const what = `deleting ${listNames(texts)}`;
  if (!yes) assertConfirmable(context, what);
  if (withChildren) await requireRegistryOf(context, 'image delete --with-children', place);
  return withEcr(
    context,
    async (session) => {
      const planned: PlannedDeletion[] = [];
      for (const each of wanted) planned.push(await planDeletion(context, session, each));
      if (!yes && !(await confirm(context, askAbout(planned, withChildren), what))) return cancel(context);
      const deletions: RepositoryDeletion[] = [];
      for (const plan of planned) {
        const deletion = await carryOut(context, session, plan, withChildren);
        deletions.push(deletion);
        if (deletion.error !== undefined) break;
      }
      if (!withChildren) noteChildren(context, planned);
      return describeDeletions(context, deletions);
    },
    { place },
  );
}

async function carryOut(
  context: CommandContext,
  session: EcrSession,
  plan: PlannedDeletion,
  withChildren: boolean,
): Promise<RepositoryDeletion> {
  const { client } = session;
  const { signal } = context.io;
  const { repository, address, groups } = plan;
  let children: readonly (readonly ImageIdentifier[])[] = [];
  try {
    // Before the indexes go: they list them.
    if (withChildren) children = await findChildren(context, session, plan);
  } catch (error) {
    return { repository, deleted: [], failures: [], error };
  }
  const report = await deleteImages(client, address, groups, signal);
  if (report.error !== undefined || children.length === 0) return { repository, ...report };
  const rest = await deleteImages(client, address, children, signal);
  return {
    repository,
    deleted: [...report.deleted, ...rest.deleted],
    // A child that another index lists stays with that.
    failures: [...report.failures, ...rest.failures.filter((failure) => !isHeldByIndex(failure))],
    error: rest.error,
  };
}

function askAbout(planned: readonly PlannedDeletion[], withChildren: boolean): string {
  const parts = planned.map(({ repository, groups, whole }) => {
    const digests = new Set(whole.map(({ imageDigest }) => imageDigest));
    const others = groups
      .flat()
      .filter(({ imageDigest }) => imageDigest === undefined || !digests.has(imageDigest));
    const wholeTags = nameTags(whole.flatMap(({ imageTags }) => imageTags));
    const named = [
      whole.length > 0 && `${formatCount(whole.length, 'image')}${wholeTags && ` (${wholeTags})`}`,
      nameTags(others.flatMap(({ imageTag = [] }) => imageTag)),
      listNames(
        others.flatMap(({ imageTag, imageDigest = [] }) => (imageTag === undefined ? imageDigest : [])),
      ),
    ].filter(Boolean);
    return `${named.join(' and ')} of ${formatRepository(repository)}`;
  });
  return `Delete ${parts.join(', ')}${withChildren ? ', with children that nothing else refers to' : ''}? This cannot be undone.`;
}

function nameTags(tags: readonly string[]): string {
  return tags.length === 0 ? '' : `${tags.length === 1 ? 'tag' : 'tags'} ${listNames(tags)}`;
}

function noteChildren({ messages }: CommandContext, planned: readonly PlannedDeletion[]): void {
  for (const { repository, whole } of planned) {
    if (!whole.some(({ imageManifestMediaType }) => isIndex(imageManifestMediaType ?? ''))) continue;
    const name = formatRepository(repository);
    messages.note(
      `The images that the index lists stay. 'ecrp image prune ${name} --untagged' deletes those that no index lists.`,
    );
  }
}
