import type { OperationName } from '../wire/operations.ts';
import { matchesAction } from './policy/match-action.ts';
import type { Principal } from './principal.ts';
import { accessDenied } from './texts.ts';

/** What of an operation's input says what it is done to; read before it is checked. */
type Target = Readonly<Record<string, unknown>>;

/** Operations that are about the registry as a whole. */
const onRegistry: readonly OperationName[] = [
  'DescribeRegistries',
  'GetAuthorizationToken',
  'GetRegistryCatalogData',
  'PutRegistryCatalogData',
];

/** Throws AccessDeniedException unless the principal is allowed everything that the operation needs in the registry that it acts on. Source of the actions: user guide, "Actions, resources, and condition keys". */
export function authorize(
  registryId: string,
  principal: Principal,
  operation: OperationName,
  target: Target,
): void {
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

/** ARN of a repository, all of them where none is named, `*` where an operation is about none. */
function nameResource(registryId: string, operation: OperationName, target: Target): string {
  if (onRegistry.includes(operation)) return '*';
  const { resourceArn, repositoryName = '*' } = target;
  return typeof resourceArn === 'string'
    ? resourceArn
    : `arn:aws:ecr-public::${registryId}:repository/${repositoryName}`;
}
