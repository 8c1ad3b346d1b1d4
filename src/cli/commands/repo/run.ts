import { listImagePages } from '../../../ecr/images.ts';
import {
  deleteRepository,
  describeRepository,
  listRepositories,
  type RepositoryAddress,
} from '../../../ecr/repositories.ts';
import { EcrpError } from '../../../errors.ts';
import { type PrivateRegistry, parsePrivateHost } from '../../../oci/private-host.ts';
import { formatRepository } from '../../../oci/reference.ts';
import { MAX_IMAGES_PER_REPOSITORY } from '../../../wire/limits.ts';
import { cancel, confirm } from '../../ask.ts';
import type { CommandContext } from '../../command-context.ts';
import { type EcrSession, withEcr } from '../../ecr-session.ts';
import { findResultWidth } from '../../format.ts';
import { formatGalleryPage } from '../../gallery-page.ts';
import type { Outcome } from '../../output.ts';
import { learnRegistry, readRepository, resolveRepository } from '../../own-registry.ts';
import { readFacts } from '../../registry-facts.ts';
import { chooseRegistryHosts, findRegistryHosts } from '../../service-address.ts';
import { listMembers, viewRepositories, viewRepository } from './view.ts';

/** Lists the repositories of the registry at a host: by default one's own of ECR Public. */
export async function listRepos(context: CommandContext, host: string | undefined): Promise<Outcome> {
  const privateRegistry = host === undefined ? undefined : await readRegistry(context, host);
  const { signal } = context.io;
  const repositories = await withEcr(
    context,
    async (session) => {
      const all = await listRepositories(session.client, signal, privateRegistry?.registryId);
      await learnRegistry(session, all[0]);
      return all;
    },
    { place: { privateRegistry } },
  );
  if (repositories.length === 0) {
    const name = privateRegistry === undefined ? 'NAME' : `${privateRegistry.registryHost}/NAME`;
    context.messages.note(`No repositories yet. Run 'ecrp repo create ${name}' to create one.`);
  }
  const [first] = repositories;
  const alias = first && readFacts(first)?.registryAlias;
  if (alias !== undefined) context.messages.note(`Gallery: ${formatGalleryPage(alias)}`);
  return {
    result: { repositories: repositories.map(listMembers) },
    view: viewRepositories(repositories, findResultWidth(context.io)),
  };
}

/** The private registry at a host; undefined for the registry host of ECR Public. Throws USAGE for any other. */
async function readRegistry(context: CommandContext, host: string): Promise<PrivateRegistry | undefined> {
  const { privateHost } = findRegistryHosts(context);
  const privateRegistry = parsePrivateHost(host, privateHost);
  if (privateRegistry === undefined) await chooseRegistryHosts(context, 'repo list', [host]);
  return privateRegistry;
}

export async function describeRepo(context: CommandContext, name: string): Promise<Outcome> {
  const reference = readRepository(context, name);
  const { signal } = context.io;
  const { repository, imageCount } = await withEcr(
    context,
    async (session) => {
      const address = await resolveRepository(session, reference, signal);
      const found = await describeRepository(session.client, address, signal);
      // A repository with an alias may be in the registry of another account.
      if (reference.registryAlias === undefined) await learnRegistry(session, found);
      return { repository: found, imageCount: await countImages(context, session, address) };
    },
    { place: reference },
  );
  return {
    result: { ...listMembers(repository), imageCount, imageQuota: MAX_IMAGES_PER_REPOSITORY },
    view: viewRepository(repository, imageCount),
  };
}

/** Counts the images of a repository. Undefined, with a warning, if these credentials may not list them. */
async function countImages(
  { io, messages }: CommandContext,
  { client }: EcrSession,
  address: RepositoryAddress,
): Promise<number | undefined> {
  try {
    let count = 0;
    for await (const page of listImagePages(client, address, io.signal)) count += page.length;
    return count;
  } catch (error) {
    if (!(error instanceof EcrpError) || error.code !== 'AUTH') throw error;
    messages.warn(`the images are not counted: ${error.message}`);
    return undefined;
  }
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
  const deleted = await withEcr(
    context,
    async (session) => {
      const address = await resolveRepository(session, reference, signal);
      return deleteRepository(session.client, address, force, signal);
    },
    { place: reference },
  );
  context.messages.note(`Deleted repository ${repositoryName}.`);
  const members = deleted === undefined ? { repositoryName } : listMembers(deleted);
  // Its page is gone as well.
  return { result: { ...members, galleryUrl: undefined, deleted: true }, view: '' };
}
