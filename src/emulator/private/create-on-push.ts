import { authorize } from '../operations/authorization.ts';
import type { OperationContext } from '../operations/context.ts';
import { checkRepositoryCount } from '../operations/repositories.ts';
import type { Principal } from '../served-registry.ts';
import type { PrivateHandler } from './handler.ts';
import { completeEncryption } from './repositories.ts';
import { findPushTemplate } from './templates.ts';

const creatingOperations = ['InitiateLayerUpload', 'PutImage'] as const;
type CreatingOperation = (typeof creatingOperations)[number];

/** True for an operation that creates a missing repository. */
export function isCreating(operation: string): boolean {
  return creatingOperations.some((name) => name === operation);
}

/** Lets an operation create its repository first. */
export function afterCreating<Name extends CreatingOperation>(
  handle: PrivateHandler<Name>,
): PrivateHandler<Name> {
  return (context, input) => {
    createFromTemplate(context, context.principal, input.repositoryName);
    return handle(context, input);
  };
}

/**
 * Creates a repository that is missing, if a template of the registry is for it. Throws AccessDeniedException for a caller that may not create
 * repositories. See `PRIVATE_CHOICES.createOnPush`.
 */
export function createFromTemplate(
  context: OperationContext,
  principal: Principal,
  repositoryName: string,
): void {
  const { store, registry } = context;
  const template = store.repositories.has(repositoryName)
    ? undefined
    : findPushTemplate(store, repositoryName);
  if (template === undefined) return;
  const target = { repositoryName };
  authorize(context, registry.registryId, { principal, operation: 'CreateRepository', target });
  checkRepositoryCount(context);
  const { imageTagMutability, exclusionFilters, repositoryPolicy, lifecyclePolicy } = template;
  store.createRepository({
    name: repositoryName,
    catalogData: {},
    resourceTags: new Map(template.resourceTags?.map(({ Key, Value }) => [Key, Value])),
    settings: {
      ...{ imageTagMutability, exclusionFilters, scanOnPush: false },
      ...completeEncryption(context, template),
    },
  });
  if (repositoryPolicy) store.setPolicyText(repositoryName, repositoryPolicy);
  if (lifecyclePolicy) store.setLifecyclePolicyText(repositoryName, lifecyclePolicy);
}
