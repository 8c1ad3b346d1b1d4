import { deleteRepository } from '../../ecr/repositories.ts';
import { formatRepository } from '../../oci/reference.ts';
import type { CommandContext } from '../command-context.ts';
import { cancel, confirm } from '../confirm.ts';
import { withEcr } from '../ecr-session.ts';
import type { Outcome } from '../outcome.ts';
import { readRepository, resolveRepository } from '../own-registry.ts';

export interface RepoDeleteOptions {
  readonly force?: boolean;
  readonly yes?: boolean;
}

export async function deleteRepo(
  context: CommandContext,
  repository: string,
  options: RepoDeleteOptions,
): Promise<Outcome> {
  const { force = false, yes = false } = options;
  const reference = readRepository(context, repository);
  const { repositoryName } = reference;
  if (!yes) {
    const name = formatRepository(reference);
    const images = force ? ' with all its images' : '';
    const question = `Delete repository ${name}${images}? This cannot be undone.`;
    if (!(await confirm(context, question, `deleting ${name}`))) return cancel(context);
  }
  const { signal } = context.io;
  await withEcr(context, async (session) => {
    const address = await resolveRepository(session, reference, signal);
    await deleteRepository(session.client, address, force, signal);
  });
  context.messages.note(`Deleted repository ${repositoryName}.`);
  return { result: { repositoryName, deleted: true }, view: '' };
}
