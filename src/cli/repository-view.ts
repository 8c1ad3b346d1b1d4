import type { Repository } from '../ecr/repositories.ts';
import type { EcrSession } from './ecr-session.ts';
import { formatFields } from './format.ts';
import type { JsonObject } from './outcome.ts';
import type { RegistryFacts } from './registry-cache.ts';

/** The API's own members; `createdAt` as RFC 3339. */
export function listMembers(repository: Repository): JsonObject {
  const { repositoryName, repositoryArn, registryId, repositoryUri, createdAt } = repository;
  return { repositoryName, repositoryArn, registryId, repositoryUri, createdAt: createdAt?.toISOString() };
}

export function viewRepository(repository: Repository): readonly string[] {
  return formatFields([
    ['repository', repository.repositoryName],
    ['uri', repository.repositoryUri],
    ['arn', repository.repositoryArn],
    ['registry', repository.registryId],
    ['created', repository.createdAt?.toISOString()],
  ]);
}

/** What a repository of the caller's own registry tells of it: an alias is in its URI. */
export function readFacts({ registryId, repositoryUri }: Repository): RegistryFacts | undefined {
  const registryAlias = repositoryUri.split('/')[1];
  return registryAlias === undefined ? undefined : { registryId, registryAlias, aliases: [registryAlias] };
}

/** Keeps what a repository of the caller's own registry tells of it, so that a push need not ask for it. */
export async function learnRegistry(session: EcrSession, repository: Repository | undefined): Promise<void> {
  const facts = repository && readFacts(repository);
  if (facts === undefined) return;
  const known = await session.recallRegistry();
  const isSame = known?.registryId === facts.registryId;
  if (isSame && known.registryAlias === facts.registryAlias) return;
  const aliases = [...new Set([...facts.aliases, ...(isSame ? known.aliases : [])])];
  await session.rememberRegistry({ ...facts, aliases });
}
