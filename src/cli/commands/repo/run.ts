import {
  createRepository,
  deleteRepository,
  describeRepository,
  listRepositories,
  type Repository,
  type RepositoryInput,
} from '../../../ecr/repositories.ts';
import { EcrpError } from '../../../errors.ts';
import { formatRepository } from '../../../oci/reference.ts';
import { cancel, confirm } from '../../ask.ts';
import type { CommandContext } from '../../command-context.ts';
import { type EcrSession, withEcr } from '../../ecr-session.ts';
import { readNewRepository } from '../../new-repository.ts';
import type { Outcome } from '../../output.ts';
import { assertOwnRepository, learnRegistry, readRepository, resolveRepository } from '../../own-registry.ts';
import { listMembers, viewRepositories, viewRepository } from './view.ts';

export interface RepoCreateOptions {
  readonly catalog?: string;
  readonly resourceTag?: readonly string[];
  readonly ifMissing?: boolean;
}

export async function createRepo(
  context: CommandContext,
  name: string | undefined,
  options: RepoCreateOptions,
): Promise<Outcome> {
  const { catalog, resourceTag: resourceTags, ifMissing = false } = options;
  const { signal } = context.io;
  const given = name === undefined ? undefined : readRepository(context, name);
  const { reference, input } = await readNewRepository(context, { reference: given, catalog, resourceTags });
  const { repository, created } = await withEcr(context, async (session) => {
    await assertOwnRepository(session, reference, signal);
    const made = await create(session, input, ifMissing, signal);
    await learnRegistry(session, made.repository);
    return made;
  });
  context.messages.note(
    created
      ? `Created repository ${repository.repositoryName}.`
      : `Repository ${repository.repositoryName} exists already. Nothing was changed.`,
  );
  return {
    result: { ...listMembers(repository), status: created ? 'created' : 'unchanged' },
    view: repository.repositoryUri,
  };
}

async function create(
  { client }: EcrSession,
  input: RepositoryInput,
  ifMissing: boolean,
  signal: AbortSignal,
): Promise<{ repository: Repository; created: boolean }> {
  try {
    return { repository: await createRepository(client, input, signal), created: true };
  } catch (error) {
    const exists = error instanceof EcrpError && error.awsError === 'RepositoryAlreadyExistsException';
    if (!exists || !ifMissing) throw error;
    return { repository: await describeRepository(client, input, signal), created: false };
  }
}

export async function listRepos(context: CommandContext): Promise<Outcome> {
  const repositories = await withEcr(context, async (session) => {
    const all = await listRepositories(session.client, context.io.signal);
    await learnRegistry(session, all[0]);
    return all;
  });
  if (repositories.length === 0)
    context.messages.note("No repositories yet. Run 'ecrp repo create NAME' to create one.");
  return {
    result: { repositories: repositories.map(listMembers) },
    view: viewRepositories(repositories),
  };
}

export async function describeRepo(context: CommandContext, name: string): Promise<Outcome> {
  const reference = readRepository(context, name);
  const { signal } = context.io;
  const repository = await withEcr(context, async (session) => {
    const found = await describeRepository(
      session.client,
      await resolveRepository(session, reference, signal),
      signal,
    );
    // A repository with an alias may be in the registry of another account.
    if (reference.registryAlias === undefined) await learnRegistry(session, found);
    return found;
  });
  return { result: listMembers(repository), view: viewRepository(repository) };
}

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
