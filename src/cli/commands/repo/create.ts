import { type CatalogChange, findTagChanges } from '../../../catalog/changes.ts';
import {
  createRepository,
  describeRepository,
  type Repository,
  type RepositoryInput,
} from '../../../ecr/repositories.ts';
import { addResourceTags, listResourceTags } from '../../../ecr/resource-tags.ts';
import { EcrpError } from '../../../errors.ts';
import type { CommandContext } from '../../command-context.ts';
import { type EcrSession, withEcr } from '../../ecr-session.ts';
import { findGalleryPage } from '../../gallery-page.ts';
import { readNewRepository } from '../../new-repository.ts';
import type { Outcome } from '../../output.ts';
import { assertOwnRepository, learnRegistry, readRepository } from '../../own-registry.ts';
import { updateCatalog } from '../../update-catalog.ts';
import { listChanges, summarizeChanges } from '../../view-changes.ts';
import { listMembers } from './view.ts';

export interface RepoCreateOptions {
  readonly catalog?: string;
  readonly resourceTag?: readonly string[];
  readonly ifMissing?: boolean;
  readonly update?: boolean;
  readonly immutableTags?: boolean;
  readonly scanOnPush?: boolean;
  readonly kmsKey?: string;
}

/** `ecrp repo create`. With `--update`, an existing repository gets the catalog data, resource tags and settings that are given. */
export async function createRepo(
  context: CommandContext,
  name: string | undefined,
  options: RepoCreateOptions,
): Promise<Outcome> {
  const { catalog, resourceTag: resourceTags, ifMissing = false, update = false } = options;
  const { immutableTags, scanOnPush, kmsKey } = options;
  const { io, messages } = context;
  const given = name === undefined ? undefined : readRepository(context, name);
  const { reference, input } = await readNewRepository(context, {
    reference: given,
    catalog,
    resourceTags,
    settings: { immutableTags, scanOnPush, kmsKey },
  });
  const { repository, created, changes } = await withEcr(
    context,
    async (session) => {
      await assertOwnRepository(session, reference, io.signal);
      const made = await create(session, input, ifMissing || update, io.signal);
      await learnRegistry(session, made.repository);
      if (!update || made.created) return { ...made, changes: [] };
      const updated = await updateRepository(context, session, made.repository, input);
      if (updated.length === 0 || input.settings === undefined) return { ...made, changes: updated };
      const repository = await describeRepository(session.client, input, io.signal);
      return { ...made, repository, changes: updated };
    },
    { place: reference },
  );
  const { repositoryName, repositoryUri } = repository;
  if (created) messages.note(`Created repository ${repositoryName}.`);
  else if (!update) messages.note(`Repository ${repositoryName} exists already. Nothing was changed.`);
  else for (const line of summarizeChanges(repositoryName, changes)) messages.note(line);
  const page = findGalleryPage(repository);
  if (page !== undefined) messages.note(`Gallery: ${page}`);
  const status = created ? 'created' : changes.length > 0 ? 'updated' : 'unchanged';
  return {
    result: { ...listMembers(repository), status, ...(update && { changes: listChanges(changes) }) },
    view: repositoryUri,
  };
}

async function create(
  { client }: EcrSession,
  input: RepositoryInput,
  acceptsExisting: boolean,
  signal: AbortSignal,
): Promise<{ repository: Repository; created: boolean }> {
  try {
    return { repository: await createRepository(client, input, signal), created: true };
  } catch (error) {
    const exists = error instanceof EcrpError && error.awsError === 'RepositoryAlreadyExistsException';
    if (!exists || !acceptsExisting) throw error;
    return { repository: await describeRepository(client, input, signal), created: false };
  }
}

/** Sets the given catalog fields, resource tags and settings of a repository that exists, and removes none. */
async function updateRepository(
  context: CommandContext,
  session: EcrSession,
  repository: Repository,
  input: RepositoryInput,
): Promise<readonly CatalogChange[]> {
  const { client } = session;
  const { signal } = context.io;
  const { repositoryName, catalogData, tags, settings } = input;
  const changes: CatalogChange[] = [];
  if (settings !== undefined) {
    const { updateSettings } = await import('./update-settings.ts');
    changes.push(...(await updateSettings(client, repository, settings, signal)));
  }
  if (catalogData !== undefined) {
    changes.push(...(await updateCatalog(context, session, { repositoryName }, catalogData)).changes);
  }
  if (tags === undefined) return changes;
  const tagChanges = findTagChanges(await listResourceTags(client, repository, signal), tags);
  const changed = tags.filter(({ Key }) => tagChanges.some(({ field }) => field === `tags.${Key}`));
  if (changed.length > 0) await addResourceTags(client, repository, changed, signal);
  return [...changes, ...tagChanges];
}
