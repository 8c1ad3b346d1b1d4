import { CHOICES } from '../choices.ts';
import { locksOut } from '../policy/evaluate-policy.ts';
import { formatPolicy, readPolicy } from '../policy/policy-document.ts';
import { invalidParameter, ServiceError } from '../service-error.ts';
import type { StoredRepository } from '../storage/model.ts';
import { findRepository, type Handler, type Handlers, type OperationContext } from './context.ts';

/** Answers with the text in the service's own layout, not as it was sent. */
const setRepositoryPolicy: Handler<'SetRepositoryPolicy'> = (context, input) => {
  const repository = findRepository(context, input);
  const policy = readPolicy(input.policyText);
  if (policy === undefined) throw invalidParameter('PolicyText', 'Invalid repository policy provided');
  if (input.force !== true && locksOut(policy, context.registry.registryId, context.service.signingName)) {
    throw invalidParameter('PolicyText', CHOICES.lockOutReason.value);
  }
  const policyText = formatPolicy(policy);
  context.store.setPolicyText(repository.name, policyText);
  return describePolicy(context, repository, policyText);
};

const getRepositoryPolicy: Handler<'GetRepositoryPolicy'> = (context, input) => {
  const repository = findRepository(context, input);
  return describePolicy(context, repository, findPolicyText(context, repository));
};

/** Answers with the deleted policy. */
const deleteRepositoryPolicy: Handler<'DeleteRepositoryPolicy'> = (context, input) => {
  const repository = findRepository(context, input);
  const policyText = findPolicyText(context, repository);
  context.store.setPolicyText(repository.name, undefined);
  return describePolicy(context, repository, policyText);
};

export const policyHandlers: Handlers<
  'SetRepositoryPolicy' | 'GetRepositoryPolicy' | 'DeleteRepositoryPolicy'
> = {
  SetRepositoryPolicy: setRepositoryPolicy,
  GetRepositoryPolicy: getRepositoryPolicy,
  DeleteRepositoryPolicy: deleteRepositoryPolicy,
};

function findPolicyText(context: OperationContext, { name, policyText }: StoredRepository): string {
  if (policyText !== undefined) return policyText;
  throw new ServiceError(
    'RepositoryPolicyNotFoundException',
    `Repository policy does not exist for the repository with name '${name}' in the registry with id '${context.registry.registryId}'`,
  );
}

function describePolicy(context: OperationContext, { name }: StoredRepository, policyText: string) {
  return { registryId: context.registry.registryId, repositoryName: name, policyText };
}
