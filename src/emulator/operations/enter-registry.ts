import { OPERATIONS, type OperationName } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import { judgeByPolicy } from '../policy/judge-by-policy.ts';
import type { Principal } from '../principal.ts';
import { findRegistryByAlias, findRegistryById, type ServedRegistry } from '../served-registry.ts';
import { ServiceError } from '../service-error.ts';
import { accessDenied, repositoryNotFound } from '../texts.ts';
import type { EmulatorContext } from './context.ts';
import { formatRepositoryArn, readRepositoryArn } from './repository-arn.ts';

/** A call: who makes it, and the input that names its target. */
export interface Call {
  readonly principal: Principal;
  readonly operation: OperationName;
  readonly target: Readonly<Record<string, unknown>>;
}

/** Id of the registry that a call acts on: the one it names by id, ARN or alias, else the caller's own. An unknown alias is returned unchanged. */
export function nameRegistry(context: EmulatorContext, call: Call): string {
  const { principal, operation, target } = call;
  const { resourceArn } = target;
  const ofArn = typeof resourceArn === 'string' ? readRepositoryArn(resourceArn)?.registryId : undefined;
  const named = ofArn ?? target.registryId;
  if (typeof named !== 'string') return principal.registryId;
  const byAlias = takesAlias(operation) ? findRegistryByAlias(context.registries, named) : undefined;
  return byAlias?.registry.registryId ?? named;
}

/**
 * The registry that a call acts on. A call on another account's registry needs a repository whose policy allows the operation. Throws the exceptions
 * for missing and forbidden registries and repositories; see `CHOICES.foreignRegistry`.
 */
export function enterRegistry(context: EmulatorContext, call: Call): ServedRegistry {
  const { principal, operation } = call;
  const registryId = nameRegistry(context, call);
  const served = findRegistryById(context.registries, registryId);
  const isForeign = registryId !== principal.registryId;
  if (served === undefined && declaresUnknownRegistry(operation)) {
    throw new ServiceError('RegistryNotFoundException', CHOICES.registryNotFoundText.value(registryId));
  }
  const names = listRepositories(call);
  if (isForeign && names.length === 0) {
    throw accessDenied(principal.arn, `ecr-public:${operation}`, formatRepositoryArn(registryId, '*'));
  }
  for (const name of isForeign ? names : []) requireRepositoryAccess(served, registryId, call, name);
  if (served === undefined) throw new Error(`the registry ${registryId} of a principal is not served`);
  return served;
}

/** Throws RepositoryNotFoundException for a missing repository, AccessDeniedException unless its policy allows the principal of another account. */
export function requireRepositoryAccess(
  served: ServedRegistry | undefined,
  registryId: string,
  { principal, operation }: Pick<Call, 'principal' | 'operation'>,
  repositoryName: string,
): void {
  const repository = served?.store.repositories.get(repositoryName);
  if (repository === undefined) throw repositoryNotFound(repositoryName, registryId);
  const action = `ecr-public:${operation}`;
  const verdict = judgeByPolicy(repository.policyText, principal, action);
  if (verdict === 'allowed') return;
  const reason =
    verdict === 'denied'
      ? ' with an explicit deny in a resource-based policy'
      : ` because no resource-based policy allows the ${action} action`;
  throw accessDenied(principal.arn, action, formatRepositoryArn(registryId, repositoryName), reason);
}

function listRepositories({ target }: Call): readonly string[] {
  const { resourceArn, repositoryName, repositoryNames } = target;
  const ofArn = typeof resourceArn === 'string' ? readRepositoryArn(resourceArn)?.repositoryName : undefined;
  const named: readonly unknown[] = Array.isArray(repositoryNames) ? repositoryNames : [];
  return [ofArn, repositoryName, ...named].filter((name) => typeof name === 'string');
}

/** Source: service model, `RegistryIdOrAlias`; every other operation takes the 12 digits alone. */
function takesAlias(operation: OperationName): boolean {
  const { members } = OPERATIONS[operation].input;
  return 'registryId' in members && members.registryId === 'RegistryIdOrAlias';
}

function declaresUnknownRegistry(operation: OperationName): boolean {
  const declared: readonly string[] = OPERATIONS[operation].exceptions;
  return declared.includes('RegistryNotFoundException');
}
