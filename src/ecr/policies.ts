import { readText } from './answers.ts';
import type { EcrClient } from './client.ts';
import type { RepositoryAddress } from './repositories.ts';

/** The policy of a repository. */
export interface RepositoryPolicy {
  readonly registryId: string;
  readonly repositoryName: string;
  /** As the service writes it: it does not keep the layout of the text that was sent. */
  readonly policyText: string;
}

/** Far more than the service's limit of 10,240 characters, because the service adds spaces. */
const MOST_POLICY_CHARS = 256 * 1024;

/** Gets a repository's policy; undefined if it has none. */
export async function getRepositoryPolicy(
  client: EcrClient,
  address: RepositoryAddress,
  signal: AbortSignal,
): Promise<RepositoryPolicy | undefined> {
  const found = await client.call(
    {
      operation: 'GetRepositoryPolicy',
      repositoryName: address.repositoryName,
      send: (abortSignal) => client.operations.getRepositoryPolicy(copy(address), { abortSignal }),
      read: (answer): RepositoryPolicy | 'none' | undefined => readPolicyAnswer(answer, address),
      answers: { RepositoryPolicyNotFoundException: () => 'none' as const },
    },
    signal,
  );
  return found === 'none' ? undefined : found;
}

/**
 * Sets a repository's policy in place of the one before. Throws INVALID_INPUT if the service does not accept it.
 * @param force Accept a policy that keeps the caller from setting another one.
 */
export async function setRepositoryPolicy(
  client: EcrClient,
  address: RepositoryAddress,
  policyText: string,
  force: boolean,
  signal: AbortSignal,
): Promise<RepositoryPolicy> {
  return client.call(
    {
      operation: 'SetRepositoryPolicy',
      repositoryName: address.repositoryName,
      send: (abortSignal) =>
        client.operations.setRepositoryPolicy(
          { ...copy(address), policyText, ...(force && { force }) },
          { abortSignal },
        ),
      read: (answer) => readPolicyAnswer(answer, address),
    },
    signal,
  );
}

/** Deletes a repository's policy and returns it; undefined if the repository has none, or if an attempt whose answer was lost deleted it. */
export async function deleteRepositoryPolicy(
  client: EcrClient,
  address: RepositoryAddress,
  signal: AbortSignal,
): Promise<RepositoryPolicy | undefined> {
  const deleted = await client.call(
    {
      operation: 'DeleteRepositoryPolicy',
      repositoryName: address.repositoryName,
      send: (abortSignal) => client.operations.deleteRepositoryPolicy(copy(address), { abortSignal }),
      read: (answer): RepositoryPolicy | 'none' | undefined => readPolicyAnswer(answer, address),
      answers: { RepositoryPolicyNotFoundException: () => 'none' as const },
    },
    signal,
  );
  return deleted === 'none' ? undefined : deleted;
}

function copy({ registryId, repositoryName }: RepositoryAddress) {
  return { registryId, repositoryName };
}

/** Undefined without a text: then a proxy cut the answer off. */
function readPolicyAnswer(
  answer: { readonly registryId?: unknown; readonly repositoryName?: unknown; readonly policyText?: unknown },
  address: RepositoryAddress,
): RepositoryPolicy | undefined {
  const policyText = readText(answer.policyText, 'policyText', MOST_POLICY_CHARS);
  if (policyText === undefined) return undefined;
  return {
    registryId: readText(answer.registryId, 'registryId') ?? address.registryId ?? '',
    repositoryName: readText(answer.repositoryName, 'repositoryName') ?? address.repositoryName,
    policyText,
  };
}
