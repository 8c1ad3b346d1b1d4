import { findRepository, type OperationContext } from '../operations/context.ts';
import { invalidParameter, ServiceError } from '../service-error.ts';
import type { StoredRepository } from '../storage/model.ts';
import type { PrivateHandler, PrivateHandlers } from './handler.ts';
import { findLifecycleProblem } from './lifecycle-document.ts';

/** Stores the policy. The emulator never applies it. */
const putLifecyclePolicy: PrivateHandler<'PutLifecyclePolicy'> = (context, input) => {
  const repository = findRepository(context, input);
  const { lifecyclePolicyText } = input;
  checkLifecycleText(lifecyclePolicyText);
  context.store.setLifecyclePolicyText(repository.name, lifecyclePolicyText);
  return describeLifecyclePolicy(context, repository, lifecyclePolicyText);
};

/** Throws InvalidParameterException. Source of the frame of the text: cloudposse/terraform-aws-ecr#158. */
export function checkLifecycleText(text: string): void {
  const problem = findLifecycleProblem(text);
  if (problem === undefined) return;
  throw invalidParameter('LifecyclePolicyText', `Lifecycle policy validation failure: ${problem}`);
}

const getLifecyclePolicy: PrivateHandler<'GetLifecyclePolicy'> = (context, input) => {
  const repository = findRepository(context, input);
  return describeLifecyclePolicy(context, repository, findLifecyclePolicyText(context, repository));
};

/** Answers with the deleted policy. */
const deleteLifecyclePolicy: PrivateHandler<'DeleteLifecyclePolicy'> = (context, input) => {
  const repository = findRepository(context, input);
  const policyText = findLifecyclePolicyText(context, repository);
  context.store.setLifecyclePolicyText(repository.name, undefined);
  return describeLifecyclePolicy(context, repository, policyText);
};

export const lifecyclePolicyHandlers: PrivateHandlers<
  'PutLifecyclePolicy' | 'GetLifecyclePolicy' | 'DeleteLifecyclePolicy'
> = {
  PutLifecyclePolicy: putLifecyclePolicy,
  GetLifecyclePolicy: getLifecyclePolicy,
  DeleteLifecyclePolicy: deleteLifecyclePolicy,
};

function findLifecyclePolicyText(
  { registry }: OperationContext,
  { name, lifecyclePolicyText }: StoredRepository,
): string {
  if (lifecyclePolicyText !== undefined) return lifecyclePolicyText;
  throw new ServiceError(
    'LifecyclePolicyNotFoundException',
    `Lifecycle policy does not exist for the repository with name '${name}' in the registry with id '${registry.registryId}'`,
  );
}

function describeLifecyclePolicy(
  { registry }: OperationContext,
  { name }: StoredRepository,
  lifecyclePolicyText: string,
) {
  return { registryId: registry.registryId, repositoryName: name, lifecyclePolicyText };
}
