import type { Registry } from '../ecr/registries.ts';
import type { Repository, RepositoryAddress } from '../ecr/repositories.ts';
import { EcrpError } from '../errors.ts';
import { listNames } from '../foreign-text.ts';
import type { PrivateRegistry } from '../oci/private-host.ts';
import { formatRepository, parseRepository, type RepositoryReference } from '../oci/reference.ts';
import { isRegistryId } from '../oci/repository-name.ts';
import type { CommandContext } from './command-context.ts';
import type { EcrSession } from './ecr-session.ts';
import { readFacts } from './registry-facts.ts';
import { findRegistryHosts } from './service-address.ts';

/** Parses a REPO argument, without the network. Throws USAGE if it names no repository of the registry host or of private ECR. */
export function readRepository(context: CommandContext, text: string): RepositoryReference {
  return parseRepository(text, findRegistryHosts(context));
}

/** Parses a REPO argument of a command that only ECR Public has, naming `what` private ECR lacks. Throws USAGE as `readRepository` does. */
export function readPublicRepository(
  context: CommandContext,
  text: string,
  what: string,
): RepositoryReference {
  const reference = readRepository(context, text);
  refusePrivate(reference, what);
  return reference;
}

/**
 * Resolves a repository for operations that take no alias. An active alias of the caller's registry becomes the registry ID.
 * A registry ID stays: the service checks it. Throws AUTH for the alias of another registry: without the alias, the operation
 * would affect the caller's own repository of the same name.
 */
export async function resolveRepository(
  session: EcrSession,
  reference: RepositoryReference,
  signal: AbortSignal,
): Promise<RepositoryAddress> {
  const { registryAlias, repositoryName, privateRegistry } = reference;
  assertSameService(session, reference);
  if (privateRegistry !== undefined) return addressPrivate(repositoryName, privateRegistry);
  if (registryAlias === undefined) return { repositoryName };
  if (isRegistryId(registryAlias)) return { registryId: registryAlias, repositoryName };
  const registry = await requireOwnRegistry(session, reference, signal);
  return { registryId: registry.registryId, repositoryName };
}

/** Addresses a repository of private ECR. An emulator's host names no account: the registry is then the caller's own. */
export function addressPrivate(repositoryName: string, { registryId }: PrivateRegistry): RepositoryAddress {
  return { repositoryName, ...(registryId !== undefined && { registryId }) };
}

/**
 * Throws `TypeError`, a bug, if the session is open to another service, or to another private registry, than the reference names. Nothing may be
 * created, changed or deleted in another registry than was named.
 */
export function assertSameService(session: EcrSession, reference: RepositoryReference): void {
  const open = session.privateRegistry?.registryHost;
  if (open === reference.privateRegistry?.registryHost) return;
  const name = formatRepository(reference);
  throw new TypeError(`${name}: the session is open to ${open ?? 'ECR Public'}`);
}

/** Throws USAGE for a repository of private ECR, naming `what` of ECR Public that it lacks: `catalog data`. */
export function refusePrivate(reference: RepositoryReference, what: string): void {
  if (reference.privateRegistry === undefined) return;
  throw new EcrpError('USAGE', `${formatRepository(reference)}: private ECR has no ${what}`, {
    hint: 'Name a repository of ECR Public.',
  });
}

/**
 * Throws AUTH unless the repository is in the caller's own registry. CreateRepository takes neither an alias nor an ID, and always
 * creates there. Makes no call if the reference names no registry.
 */
export async function assertOwnRepository(
  session: EcrSession,
  reference: RepositoryReference,
  signal: AbortSignal,
): Promise<void> {
  assertSameService(session, reference);
  if (reference.registryAlias !== undefined) await requireOwnRegistry(session, reference, signal);
}

/**
 * True if two names that differ only in the alias mean the same repository of the caller's own registry. The aliases of other
 * registries are unknown. A name without an alias is in the caller's registry.
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

/** Saves the facts in a repository of the caller's own registry, so that a push does not have to ask for them. */
export async function learnRegistry(session: EcrSession, repository: Repository | undefined): Promise<void> {
  const facts = repository && readFacts(repository);
  if (facts === undefined) return;
  const known = await session.recallRegistry();
  const isSame = known?.registryId === facts.registryId;
  if (isSame && known.registryAlias === facts.registryAlias) return;
  const aliases = [...new Set([...facts.aliases, ...(isSame ? known.aliases : [])])];
  await session.rememberRegistry({ ...facts, aliases });
}

/** True if the alias part of a reference is the registry's ID or one of its active aliases. */
export function isNamedBy(
  { registryId, aliases }: { readonly registryId: string; readonly aliases: readonly string[] },
  registryAlias: string,
): boolean {
  return registryAlias === registryId || aliases.includes(registryAlias);
}

/** Never uses the cache: a wrong answer could create or delete something in another registry. */
async function requireOwnRegistry(
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
      `${formatRepository(reference)}: DescribeRegistries is needed to find the owner of the registry: ${error.message}`,
      {
        hint: `Allow the IAM action ecr-public:DescribeRegistries. If you mean your own registry, write ${reference.repositoryName} alone.`,
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
