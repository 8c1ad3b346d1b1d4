import {
  createRepository,
  describeRepository,
  type Repository,
  type RepositoryInput,
} from '../../ecr/repositories.ts';
import { EcrpError } from '../../errors.ts';
import type { CommandContext } from '../command-context.ts';
import { type EcrSession, withEcr } from '../ecr-session.ts';
import type { Outcome } from '../outcome.ts';
import { assertOwnRepository, readRepository } from '../own-registry.ts';
import { readNewRepository } from '../repository-input.ts';
import { learnRegistry, listMembers } from '../repository-view.ts';

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
      : `Repository ${repository.repositoryName} exists already; nothing of it was changed.`,
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
