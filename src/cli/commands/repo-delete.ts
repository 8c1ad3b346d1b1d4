import { deleteRepository } from '../../ecr/repositories.ts';
import { assertRepositoryName } from '../../oci/reference.ts';
import type { CommandContext } from '../command-context.ts';
import { confirm } from '../confirm.ts';
import { withEcr } from '../ecr-session.ts';
import type { Outcome } from '../outcome.ts';

export interface RepoDeleteOptions {
  readonly force?: boolean;
  readonly yes?: boolean;
}

export async function deleteRepo(
  context: CommandContext,
  name: string,
  options: RepoDeleteOptions,
): Promise<Outcome> {
  const { force = false, yes = false } = options;
  assertRepositoryName(name);
  if (!yes) {
    const images = force ? ' with all its images' : '';
    await confirm(context, `Delete repository ${name}${images}? This cannot be undone.`, `deleting ${name}`);
  }
  await withEcr(context, ({ client }) => deleteRepository(client, name, force, context.io.signal));
  context.messages.note(`Deleted repository ${name}.`);
  return { result: { repositoryName: name, deleted: true }, view: '' };
}
