import { describeRepositories } from '../../ecr/repositories.ts';
import { EcrpError } from '../../errors.ts';
import { assertRepositoryName } from '../../oci/reference.ts';
import type { CommandContext } from '../command-context.ts';
import { withEcr } from '../ecr-session.ts';
import type { Outcome } from '../outcome.ts';
import { describeRepository, learnRegistry, viewRepository } from '../repository-view.ts';

export async function describeRepo(context: CommandContext, name: string): Promise<Outcome> {
  assertRepositoryName(name);
  const repository = await withEcr(context, async (session) => {
    const [found] = await describeRepositories(session.client, [name], context.io.signal);
    await learnRegistry(session, found);
    return found;
  });
  if (repository === undefined)
    throw new EcrpError('NOT_FOUND', `the service did not describe repository ${name}`);
  return { result: describeRepository(repository), view: viewRepository(repository) };
}
