import { OPERATIONS, type OperationName } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import { evaluatePolicy, matchesAction } from '../policy/evaluate-policy.ts';
import {
  findRegistryByAlias,
  findRegistryById,
  type Principal,
  type ServedRegistry,
} from '../served-registry.ts';
import { accessDenied, repositoryNotFound, ServiceError } from '../service-error.ts';
import { type EmulatorContext, formatRepositoryArn, readRepositoryArn } from './context.ts';

/** A call of an operation, before its input has been validated. `target` is that input: it names a registry and a repository. */
export interface AttemptedCall {
  readonly principal: Principal;
  readonly operation: OperationName;
  readonly target: Readonly<Record<string, unknown>>;
}

/** The id of the registry that a call acts on: named by id, ARN or alias, else the caller's own. An unknown alias is returned unchanged. */
export function nameRegistry(context: EmulatorContext, call: AttemptedCall): string {
  const { principal, operation, target } = call;
  const { resourceArn } = target;
  const ofArn = typeof resourceArn === 'string' ? readRepositoryArn(resourceArn)?.registryId : undefined;
  const named = ofArn ?? target.registryId;
  if (typeof named !== 'string') return principal.registryId;
  const byAlias = takesAlias(operation) ? findRegistryByAlias(context.registries, named) : undefined;
  return byAlias?.registry.registryId ?? named;
}

/**
 * Finds the registry that a call acts on. A call on another account's registry needs a repository whose policy allows the operation. Throws the exceptions
 * for missing and forbidden registries and repositories. See `CHOICES.foreignRegistry`.
 */
export function enterRegistry(context: EmulatorContext, call: AttemptedCall): ServedRegistry {
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
  for (const name of isForeign ? names : [])
    requireRepositoryAccess(served, registryId, principal, operation, name);
  if (served === undefined)
    throw new Error(`registry ${registryId}: a principal belongs to it, but it is not served`);
  return served;
}

/**
 * Checks that a repository's policy allows the call of another account. Throws RepositoryNotFoundException for a missing repository, else
 * AccessDeniedException.
 */
export function requireRepositoryAccess(
  served: ServedRegistry | undefined,
  registryId: string,
  principal: Principal,
  operation: OperationName,
  repositoryName: string,
): void {
  const repository = served?.store.repositories.get(repositoryName);
  if (repository === undefined) throw repositoryNotFound(repositoryName, registryId);
  const action = `ecr-public:${operation}`;
  const verdict = evaluatePolicy(repository.policyText, principal, action);
  if (verdict === 'allowed') return;
  const reason =
    verdict === 'denied'
      ? ' with an explicit deny in a resource-based policy'
      : ` because no resource-based policy allows the ${action} action`;
  throw accessDenied(principal.arn, action, formatRepositoryArn(registryId, repositoryName), reason);
}

function listRepositories({ target }: AttemptedCall): readonly string[] {
  const { resourceArn, repositoryName, repositoryNames } = target;
  const ofArn = typeof resourceArn === 'string' ? readRepositoryArn(resourceArn)?.repositoryName : undefined;
  const named: readonly unknown[] = Array.isArray(repositoryNames) ? repositoryNames : [];
  return [ofArn, repositoryName, ...named].filter((name) => typeof name === 'string');
}

/** Source: `RegistryIdOrAlias` in the service model. All other operations take only the 12 digits. */
function takesAlias(operation: OperationName): boolean {
  const { members } = OPERATIONS[operation].input;
  return 'registryId' in members && members.registryId === 'RegistryIdOrAlias';
}

function declaresUnknownRegistry(operation: OperationName): boolean {
  const declared: readonly string[] = OPERATIONS[operation].exceptions;
  return declared.includes('RegistryNotFoundException');
}

/** Operations on a registry as a whole. */
const onRegistry: readonly OperationName[] = [
  'DescribeRegistries',
  'GetAuthorizationToken',
  'GetRegistryCatalogData',
  'PutRegistryCatalogData',
];

/**
 * Checks that the principal's own permissions allow a call on a registry. Throws AccessDeniedException. Source of the actions: user guide, "Actions,
 * resources, and condition keys".
 */
export function authorize(registryId: string, { principal, operation, target }: AttemptedCall): void {
  const resource = nameResource(registryId, operation, target);
  requireAction(principal, `ecr-public:${operation}`, resource);
  if (operation === 'GetAuthorizationToken') requireAction(principal, 'sts:GetServiceBearerToken', '*');
  if (operation === 'CreateRepository' && Array.isArray(target.tags) && target.tags.length > 0) {
    requireAction(principal, 'ecr-public:TagResource', resource);
  }
}

function requireAction({ arn, allowedActions }: Principal, action: string, resource: string): void {
  if (allowedActions.some((pattern) => matchesAction(pattern, action))) return;
  const reason = ` because no identity-based policy allows the ${action} action`;
  throw accessDenied(arn, action, resource, reason);
}

/** The ARN of the named repository, or of all repositories. `*` for an operation on the registry. */
function nameResource(registryId: string, operation: OperationName, target: AttemptedCall['target']): string {
  if (onRegistry.includes(operation)) return '*';
  const { resourceArn, repositoryName = '*' } = target;
  return typeof resourceArn === 'string'
    ? resourceArn
    : formatRepositoryArn(registryId, String(repositoryName));
}
