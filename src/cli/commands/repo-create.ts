import {
  createRepository,
  describeRepositories,
  type Repository,
  type RepositoryInput,
} from '../../ecr/repositories.ts';
import { EcrpError } from '../../errors.ts';
import type { CommandContext } from '../command-context.ts';
import { type EcrSession, withEcr } from '../ecr-session.ts';
import type { Outcome } from '../outcome.ts';
import { readRepositoryInput } from '../repository-input.ts';
import { describeRepository, learnRegistry } from '../repository-view.ts';

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
  const input = await readRepositoryInput(context, { name, catalog, resourceTags });
  const { repository, created } = await withEcr(context, async (session) => {
    const made = await create(session, input, ifMissing, context.io.signal);
    await learnRegistry(session, made.repository);
    return made;
  });
  context.messages.note(
    created
      ? `Created repository ${repository.repositoryName}.`
      : `Repository ${repository.repositoryName} exists already; nothing of it was changed.`,
  );
  return {
    result: { ...describeRepository(repository), status: created ? 'created' : 'unchanged' },
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
    const [repository] = await describeRepositories(client, [input.repositoryName], signal);
    if (repository === undefined) throw error;
    return { repository, created: false };
  }
}
