import {
  type DeletedImage,
  type DeletionReport,
  explainDeleteFailure,
  type ImageDeleteFailure,
} from '../../../ecr/delete-images.ts';
import { exitStatusOf } from '../../../errors.ts';
import { formatReference, formatRepository, type RepositoryReference } from '../../../oci/reference.ts';
import type { CommandContext } from '../../command-context.ts';
import { toEcrpError } from '../../explain-thrown.ts';
import { describeError, type Outcome, type ResultMembers } from '../../output.ts';

/** What was deleted of one repository. */
export interface RepositoryDeletion extends DeletionReport {
  readonly repository: RepositoryReference;
}

/** Members of deletions for JSON. With several repositories, each entry names its own. */
export function listDeletions(
  { io }: CommandContext,
  deletions: readonly RepositoryDeletion[],
): ResultMembers & { readonly exitStatus?: number } {
  const several = deletions.length > 1;
  const each = <Item>(
    list: (deletion: RepositoryDeletion) => readonly Item[],
    toMembers: (item: Item) => ResultMembers,
  ) =>
    deletions.flatMap((deletion) =>
      list(deletion).map((item) => ({
        ...(several && { repositoryName: deletion.repository.repositoryName }),
        ...toMembers(item),
      })),
    );
  const error = findError(io.signal, deletions);
  const exitStatus = findExitStatus(io.signal, deletions);
  return {
    deleted: each(({ deleted }) => deleted, listDeleted),
    failures: each(({ failures }) => failures, listFailure),
    ...(error && { error: describeError(error) }),
    ...(exitStatus !== 0 && { exitStatus }),
  };
}

function listDeleted({ imageDigest, imageTag }: DeletedImage): ResultMembers {
  return { imageDigest, imageTag };
}

function listFailure({ imageId, failureCode, failureReason }: ImageDeleteFailure): ResultMembers {
  return { imageId: listDeleted(imageId), failureCode, failureReason };
}

/**
 * Makes the outcome of a command that deletes. In text, the result is what is gone, and each failure is an error of its own on standard error. The
 * exit status is that of the first failure.
 */
export async function describeDeletions(
  context: CommandContext,
  deletions: readonly RepositoryDeletion[],
  members: ResultMembers = {},
): Promise<Outcome> {
  const { style, publish, io } = context;
  const exitStatus = findExitStatus(io.signal, deletions);
  await reportFailures(context, deletions);
  if (style.json) {
    return { result: { ...members, ...listDeletions(context, deletions) }, exitStatus };
  }
  const view = deletions.flatMap(({ repository, deleted }) =>
    deleted.map((image) => nameImage(repository, image)),
  );
  const error = findError(io.signal, deletions);
  if (error === undefined) return { view, exitStatus };
  await publish({ view });
  throw error;
}

/** Reports each failure as an error of its own: as text, or as an annotation of a CI job. */
export async function reportFailures(
  { reportError }: CommandContext,
  deletions: readonly RepositoryDeletion[],
): Promise<void> {
  for (const { repository, failures } of deletions) {
    for (const failure of failures) {
      const error = explainDeleteFailure(failure, formatRepository(repository));
      await reportError(error, nameImage(repository, failure.imageId));
    }
  }
}

/** `REPO:TAG@DIGEST`, without what is absent. */
function nameImage(
  repository: RepositoryReference,
  { imageTag, imageDigest }: Partial<DeletedImage>,
): string {
  const name = formatReference({ ...repository, ...(imageTag !== undefined && { imageTag }) });
  return imageDigest === undefined ? name : `${name}@${imageDigest}`;
}

function findError(signal: AbortSignal, deletions: readonly RepositoryDeletion[]) {
  const broken = deletions.find(({ error }) => error !== undefined);
  return broken && toEcrpError(broken.error, signal);
}

function findExitStatus(signal: AbortSignal, deletions: readonly RepositoryDeletion[]): number {
  const error = findError(signal, deletions);
  // A failure of an image is older than the error that ended everything.
  const failed = deletions.find(({ failures }) => failures.length > 0);
  const [failure] = failed?.failures ?? [];
  if (failed !== undefined && failure !== undefined)
    return exitStatusOf(explainDeleteFailure(failure, formatRepository(failed.repository)));
  return error === undefined ? 0 : exitStatusOf(error);
}
