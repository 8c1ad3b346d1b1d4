import { listRepositories } from '../../ecr/repositories.ts';
import type { CommandContext } from '../command-context.ts';
import { withEcr } from '../ecr-session.ts';
import { formatTable } from '../format.ts';
import type { Outcome } from '../outcome.ts';
import { learnRegistry, listMembers } from '../repository-view.ts';

export async function listRepos(context: CommandContext): Promise<Outcome> {
  const repositories = await withEcr(context, async (session) => {
    const all = await listRepositories(session.client, context.io.signal);
    await learnRegistry(session, all[0]);
    return all;
  });
  const rows = repositories.map(({ repositoryName, repositoryUri, createdAt }) => [
    repositoryName,
    repositoryUri,
    createdAt?.toISOString().slice(0, 10) ?? '',
  ]);
  if (rows.length === 0)
    context.messages.note("There is no repository yet; 'ecrp repo create NAME' makes one.");
  return {
    result: { repositories: repositories.map(listMembers) },
    view: rows.length === 0 ? '' : formatTable(['REPOSITORY', 'URI', 'CREATED'], rows),
  };
}
