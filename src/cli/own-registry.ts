import type { Registry } from '../ecr/registries.ts';
import type { Repository, RepositoryAddress } from '../ecr/repositories.ts';
import { EcrpError } from '../errors.ts';
import { listNames } from '../foreign-text.ts';
import {
  formatRepository,
  isRegistryId,
  parseRepository,
  type RepositoryReference,
} from '../oci/reference.ts';
import type { CommandContext } from './command-context.ts';
import type { EcrSession } from './ecr-session.ts';
import { readFacts } from './registry-facts.ts';
import { findRegistryHost } from './service-address.ts';

/** Takes a REPO argument apart; asks nobody. Throws USAGE for what names no repository of the registry host. */
export function readRepository(context: CommandContext, text: string): RepositoryReference {
  return parseRepository(text, findRegistryHost(context));
}

/**
 * The repository as the operations take it that know no alias. An alias becomes the id of the caller's registry, when the
 * service says that it is one of its active ones; 12 digits are passed on, for the service to judge. Throws AUTH for the alias
 * of another registry: without it, the operation would be about the caller's own repository of the same name.
 */
export async function resolveRepository(
  session: EcrSession,
  reference: RepositoryReference,
  signal: AbortSignal,
): Promise<RepositoryAddress> {
  const { registryAlias, repositoryName } = reference;
  if (registryAlias === undefined) return { repositoryName };
  if (isRegistryId(registryAlias)) return { registryId: registryAlias, repositoryName };
  const registry = await askAbout(session, reference, signal);
  return { registryId: registry.registryId, repositoryName };
}

/**
 * Throws AUTH unless the repository is of the caller's own registry, where CreateRepository creates: it takes neither an
 * alias nor an id. Asks nobody when the reference names no registry.
 */
export async function assertOwnRepository(
  session: EcrSession,
  reference: RepositoryReference,
  signal: AbortSignal,
): Promise<void> {
  if (reference.registryAlias !== undefined) await askAbout(session, reference, signal);
}

/**
 * Whether two names of a repository that differ in the alias alone are names of one: of the caller's own, as nobody else's aliases
 * are known. A name without an alias is of the caller's own registry.
 */
export async function isSameRegistry(
  session: EcrSession,
  one: RepositoryReference,
  other: RepositoryReference,
  signal: AbortSignal,
): Promise<boolean> {
  const named = one.registryAlias === undefined ? other : one;
  const registry = await askRegistry(session, named, signal);
  if (registry === undefined) return false;
  const { registryId, activeAliases: aliases } = registry;
  return [one, other].every(
    ({ registryAlias }) => registryAlias === undefined || isNamedBy({ registryId, aliases }, registryAlias),
  );
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

/** Whether a registry goes by what stands for the alias in a reference: its id, or an alias that is active. */
export function isNamedBy(
  { registryId, aliases }: { readonly registryId: string; readonly aliases: readonly string[] },
  registryAlias: string,
): boolean {
  return registryAlias === registryId || aliases.includes(registryAlias);
}

/** Never from the cache: what is created or deleted by its answer cannot be taken back. */
async function askAbout(
  session: EcrSession,
  reference: RepositoryReference,
  signal: AbortSignal,
): Promise<Registry> {
  const registry = await askRegistry(session, reference, signal);
  const { registryAlias = '' } = reference;
  if (registry !== undefined) {
    const { registryId, activeAliases: aliases } = registry;
    if (isNamedBy({ registryId, aliases }, registryAlias)) return registry;
  }
  throw refuse(reference, registry);
}

async function askRegistry(
  session: EcrSession,
  reference: RepositoryReference,
  signal: AbortSignal,
): Promise<Registry | undefined> {
  try {
    return await session.askRegistry(signal);
  } catch (error) {
    const isDenied = error instanceof EcrpError && error.code === 'AUTH' && error.awsError !== undefined;
    if (!isDenied) throw error;
    const { code, operation, awsError, requestId } = error;
    throw new EcrpError(
      code,
      `${formatRepository(reference)}: only DescribeRegistries tells whose registry that is: ${error.message}`,
      {
        hint: `Allow the IAM action ecr-public:DescribeRegistries; or write ${reference.repositoryName} alone, if you mean your own registry.`,
        operation,
        awsError,
        requestId,
        cause: error,
      },
    );
  }
}

function refuse(reference: RepositoryReference, registry: Registry | undefined): EcrpError {
  const name = formatRepository(reference);
  const alias = registry?.aliases.find((each) => each.name === reference.registryAlias);
  if (alias !== undefined) {
    return new EcrpError('AUTH', `${name}: the alias ${alias.name} of your registry is ${alias.status}`, {
      hint: `Only an ACTIVE alias names a registry. ${listAliases(registry)}`,
    });
  }
  return new EcrpError('AUTH', `${name}: the registry ${reference.registryAlias} is not yours`, {
    hint: `Use credentials of the account that owns it. ${listAliases(registry)}`,
  });
}

function listAliases(registry: Registry | undefined): string {
  if (registry === undefined) return 'Your account has no registry yet.';
  const { registryId, activeAliases } = registry;
  if (activeAliases.length === 0) return `Your registry is ${registryId} and has no alias yet.`;
  return `Your registry is ${registryId}: ${listNames(activeAliases)}.`;
}
