import { CHOICES } from '../choices.ts';
import { evaluatePolicy, matchesAction } from '../policy/evaluate-policy.ts';
import {
  findRegistryByAlias,
  findRegistryById,
  type Principal,
  type ServedRegistry,
} from '../served-registry.ts';
import type { EmulatedService } from '../service.ts';
import { accessDenied, repositoryNotFound, ServiceError } from '../service-error.ts';
import type { EmulatorContext } from './context.ts';

/** A call of an operation, before its input has been validated. `target` is that input: it names a registry and a repository. */
export interface AttemptedCall {
  readonly principal: Principal;
  readonly operation: string;
  readonly target: Readonly<Record<string, unknown>>;
}

/** The id of the registry that a call acts on: named by id, ARN or alias, else the caller's own. An unknown alias is returned unchanged. */
export function nameRegistry(context: EmulatorContext, call: AttemptedCall): string {
  const { principal, operation, target } = call;
  const { resourceArn } = target;
  const ofArn =
    typeof resourceArn === 'string' ? context.service.readRepositoryArn(resourceArn)?.registryId : undefined;
  const named = ofArn ?? target.registryId;
  if (typeof named !== 'string') return principal.registryId;
  const byAlias = takesAlias(context, operation) ? findRegistryByAlias(context.registries, named) : undefined;
  return byAlias?.registry.registryId ?? named;
}

/**
 * Finds the registry that a call acts on. A call on another account's registry needs a repository whose policy allows the operation. Throws the exceptions
 * for missing and forbidden registries and repositories. See `CHOICES.foreignRegistry`. Only its own account creates repositories in a registry.
 */
export function enterRegistry(context: EmulatorContext, call: AttemptedCall): ServedRegistry {
  const { principal, operation } = call;
  const registryId = nameRegistry(context, call);
  const served = findRegistryById(context.registries, registryId);
  const isForeign = registryId !== principal.registryId;
  if (served === undefined && declaresUnknownRegistry(context, operation)) {
    throw new ServiceError('RegistryNotFoundException', CHOICES.registryNotFoundText.value(registryId));
  }
  const names = listRepositories(context, call);
  if (isForeign && (names.length === 0 || operation === 'CreateRepository')) {
    const resource = context.service.formatRepositoryArn(registryId, names[0] ?? '*');
    throw accessDenied(principal.arn, nameAction(context.service, operation), resource);
  }
  for (const name of isForeign ? names : [])
    requireRepositoryAccess(context, served, registryId, { principal, operation, repositoryName: name });
  if (served === undefined)
    throw new Error(`registry ${registryId}: a principal belongs to it, but it is not served`);
  return served;
}

/** A call on one repository of another account. */
export interface RepositoryCall {
  readonly principal: Principal;
  readonly operation: string;
  readonly repositoryName: string;
}

/**
 * Checks that a repository's policy allows the call of another account. Throws RepositoryNotFoundException for a missing repository, else
 * AccessDeniedException.
 */
export function requireRepositoryAccess(
  { service }: EmulatorContext,
  served: ServedRegistry | undefined,
  registryId: string,
  { principal, operation, repositoryName }: RepositoryCall,
): void {
  const repository = served?.store.repositories.get(repositoryName);
  if (repository === undefined) throw repositoryNotFound(repositoryName, registryId);
  const action = nameAction(service, operation);
  const verdict = evaluatePolicy(repository.policyText, principal, action);
  if (verdict === 'allowed') return;
  const reason =
    verdict === 'denied'
      ? ' with an explicit deny in a resource-based policy'
      : ` because no resource-based policy allows the ${action} action`;
  throw accessDenied(principal.arn, action, service.formatRepositoryArn(registryId, repositoryName), reason);
}

function listRepositories({ service }: EmulatorContext, { target }: AttemptedCall): readonly string[] {
  const { resourceArn, repositoryName, repositoryNames } = target;
  const ofArn =
    typeof resourceArn === 'string' ? service.readRepositoryArn(resourceArn)?.repositoryName : undefined;
  const named: readonly unknown[] = Array.isArray(repositoryNames) ? repositoryNames : [];
  return [ofArn, repositoryName, ...named].filter((name) => typeof name === 'string');
}

/** Source: `RegistryIdOrAlias` in the service model. All other operations take only the 12 digits. */
function takesAlias({ service }: EmulatorContext, operation: string): boolean {
  return service.operations[operation]?.input.members.registryId === 'RegistryIdOrAlias';
}

function declaresUnknownRegistry({ service }: EmulatorContext, operation: string): boolean {
  return service.operations[operation]?.exceptions.includes('RegistryNotFoundException') === true;
}

/**
 * Checks that the principal's own permissions allow a call on a registry. Throws AccessDeniedException. Source of the actions: user guide, "Actions,
 * resources, and condition keys".
 */
export function authorize(
  { service }: EmulatorContext,
  registryId: string,
  { principal, operation, target }: AttemptedCall,
): void {
  const resource = nameResource(service, registryId, operation, target);
  requireAction(principal, nameAction(service, operation), resource);
  for (const action of operation === 'GetAuthorizationToken' ? service.tokenActions : [])
    requireAction(principal, action, '*');
  if (operation === 'CreateRepository' && Array.isArray(target.tags) && target.tags.length > 0) {
    requireAction(principal, `${service.signingName}:TagResource`, resource);
  }
}

/** The IAM action that permits an operation. */
function nameAction({ signingName, borrowedPermissions }: EmulatedService, operation: string): string {
  return `${signingName}:${borrowedPermissions[operation] ?? operation}`;
}

function requireAction({ arn, allowedActions }: Principal, action: string, resource: string): void {
  if (allowedActions.some((pattern) => matchesAction(pattern, action))) return;
  const reason = ` because no identity-based policy allows the ${action} action`;
  throw accessDenied(arn, action, resource, reason);
}

/** The ARN of the named repository, or of all repositories. `*` for an operation on the registry. */
function nameResource(
  service: EmulatedService,
  registryId: string,
  operation: string,
  target: AttemptedCall['target'],
): string {
  if (service.registryOperations.includes(operation)) return '*';
  const { resourceArn, repositoryName = '*' } = target;
  return typeof resourceArn === 'string'
    ? resourceArn
    : service.formatRepositoryArn(registryId, String(repositoryName));
}
