import { describeRepository } from '../../ecr/repositories.ts';
import type { CommandContext } from '../command-context.ts';
import { withEcr } from '../ecr-session.ts';
import type { Outcome } from '../outcome.ts';
import { readRepository, resolveRepository } from '../own-registry.ts';
import { learnRegistry, listMembers, viewRepository } from '../repository-view.ts';

export async function describeRepo(context: CommandContext, name: string): Promise<Outcome> {
  const reference = readRepository(context, name);
  const { signal } = context.io;
  const repository = await withEcr(context, async (session) => {
    const found = await describeRepository(
      session.client,
      await resolveRepository(session, reference, signal),
      signal,
    );
    // Another account's repository tells nothing of the caller's registry.
    if (reference.registryAlias === undefined) await learnRegistry(session, found);
    return found;
  });
  return { result: listMembers(repository), view: viewRepository(repository) };
}
