import type { Repository } from '../ecr/repositories.ts';
import { EcrpError } from '../errors.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import { isRegistryId } from '../oci/repository-name.ts';
import { GALLERY_HOST } from '../wire/service.ts';
import type { CommandContext } from './command-context.ts';
import type { EcrSession } from './ecr-session.ts';
import { readFacts } from './registry-facts.ts';

/** Formats the address of a repository's page, without `repositoryName` that of its registry. The emulator's addresses have the same form. */
export function formatGalleryPage(registryAlias: string, repositoryName?: string): string {
  return ['https:/', GALLERY_HOST, registryAlias, repositoryName].filter(Boolean).join('/');
}

/** Finds the page of a repository by its URI. Undefined if the URI has no alias. */
export function findGalleryPage(repository: Repository): string | undefined {
  const alias = readFacts(repository)?.registryAlias;
  return alias && formatGalleryPage(alias, repository.repositoryName);
}

/** Tells a person where the Gallery shows a repository. Asks the service if no earlier answer says the alias; its refusal is no error. */
export async function reportGalleryPage(
  { io, messages }: CommandContext,
  session: EcrSession,
  { registryAlias, repositoryName }: RepositoryReference,
): Promise<void> {
  const alias =
    registryAlias !== undefined && !isRegistryId(registryAlias)
      ? registryAlias
      : await findOwnAlias(session, registryAlias, io.signal);
  if (alias !== undefined) messages.note(`Gallery: ${formatGalleryPage(alias, repositoryName)}`);
}

/** Finds the alias of the caller's registry, if `registryId` is that or undefined. */
async function findOwnAlias(
  session: EcrSession,
  registryId: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const known = (await session.recallRegistry()) ?? (await session.askRegistry(signal));
    const isOther = registryId !== undefined && registryId !== known?.registryId;
    return isOther ? undefined : known?.registryAlias;
  } catch (error) {
    if (error instanceof EcrpError && error.code === 'AUTH') return undefined;
    throw error;
  }
}
