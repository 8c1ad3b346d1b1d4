import { CHOICES } from '../choices.ts';
import { formatPolicy } from '../policy/format-policy.ts';
import { locksOut } from '../policy/lock-out.ts';
import { readPolicy } from '../policy/read-policy.ts';
import { ServiceError } from '../service-error.ts';
import type { StoredRepository } from '../storage/model.ts';
import { invalidParameter } from '../texts.ts';
import type { Handler, OperationContext } from './context.ts';
import { findRepository } from './find-repository.ts';

/** The text comes back in the service's own writing, not as it was sent. */
export const setRepositoryPolicy: Handler<'SetRepositoryPolicy'> = (context, input) => {
  const repository = findRepository(context, input);
  const policy = readPolicy(input.policyText);
  if (policy === undefined) throw invalidParameter('PolicyText', 'Invalid repository policy provided');
  if (input.force !== true && locksOut(policy, context.registry.registryId)) {
    throw invalidParameter('PolicyText', CHOICES.lockOutReason.value);
  }
  const policyText = formatPolicy(policy);
  context.store.setPolicyText(repository.name, policyText);
  return describePolicy(context, repository, policyText);
};

export const getRepositoryPolicy: Handler<'GetRepositoryPolicy'> = (context, input) => {
  const repository = findRepository(context, input);
  return describePolicy(context, repository, findPolicyText(context, repository));
};

/** Answers with the policy that was there. */
export const deleteRepositoryPolicy: Handler<'DeleteRepositoryPolicy'> = (context, input) => {
  const repository = findRepository(context, input);
  const policyText = findPolicyText(context, repository);
  context.store.setPolicyText(repository.name, undefined);
  return describePolicy(context, repository, policyText);
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
