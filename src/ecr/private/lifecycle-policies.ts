import {
  DeleteLifecyclePolicyCommand,
  GetLifecyclePolicyCommand,
  PutLifecyclePolicyCommand,
} from '@aws-sdk/client-ecr';
import { readText, readTime } from '../answers.ts';
import { type EcrClient, requirePrivate } from '../client.ts';
import type { RepositoryAddress } from '../repositories.ts';

/** The lifecycle policy of a repository of private ECR. */
export interface LifecyclePolicy {
  readonly registryId: string;
  readonly repositoryName: string;
  /** As the service writes it: it does not keep the layout of the text that was sent. */
  readonly lifecyclePolicyText: string;
  /** When the service last applied it. Undefined if it has not yet, or does not say. */
  readonly lastEvaluatedAt: Date | undefined;
}

/** Far more than the service's limit of 30,720 characters, because the service may add spaces. */
const MOST_LIFECYCLE_CHARS = 256 * 1024;

/** Gets a repository's lifecycle policy; undefined if it has none. */
export async function getLifecyclePolicy(
  client: EcrClient,
  address: RepositoryAddress,
  signal: AbortSignal,
): Promise<LifecyclePolicy | undefined> {
  const sdk = requirePrivate(client);
  const found = await client.call(
    {
      operation: 'GetLifecyclePolicy',
      repositoryName: address.repositoryName,
      send: (abortSignal) => sdk.send(new GetLifecyclePolicyCommand({ ...address }), { abortSignal }),
      read: (answer): LifecyclePolicy | 'none' | undefined => readLifecycleAnswer(answer, address),
      answers: { LifecyclePolicyNotFoundException: () => 'none' as const },
    },
    signal,
  );
  return found === 'none' ? undefined : found;
}

/** Puts a repository's lifecycle policy in place of the one before. Throws INVALID_INPUT if the service does not accept it. */
export async function putLifecyclePolicy(
  client: EcrClient,
  address: RepositoryAddress,
  lifecyclePolicyText: string,
  signal: AbortSignal,
): Promise<LifecyclePolicy> {
  const sdk = requirePrivate(client);
  return client.call(
    {
      operation: 'PutLifecyclePolicy',
      repositoryName: address.repositoryName,
      send: (abortSignal) =>
        sdk.send(new PutLifecyclePolicyCommand({ ...address, lifecyclePolicyText }), { abortSignal }),
      read: (answer) => readLifecycleAnswer(answer, address),
    },
    signal,
  );
}

/**
 * Deletes a repository's lifecycle policy and returns it; undefined if the repository has none, or if an attempt whose answer was lost deleted
 * it.
 */
export async function deleteLifecyclePolicy(
  client: EcrClient,
  address: RepositoryAddress,
  signal: AbortSignal,
): Promise<LifecyclePolicy | undefined> {
  const sdk = requirePrivate(client);
  const deleted = await client.call(
    {
      operation: 'DeleteLifecyclePolicy',
      repositoryName: address.repositoryName,
      send: (abortSignal) => sdk.send(new DeleteLifecyclePolicyCommand({ ...address }), { abortSignal }),
      read: (answer): LifecyclePolicy | 'none' | undefined => readLifecycleAnswer(answer, address),
      answers: { LifecyclePolicyNotFoundException: () => 'none' as const },
    },
    signal,
  );
  return deleted === 'none' ? undefined : deleted;
}

interface LifecycleAnswer {
  readonly registryId?: unknown;
  readonly repositoryName?: unknown;
  readonly lifecyclePolicyText?: unknown;
  readonly lastEvaluatedAt?: unknown;
}

/** Undefined without a text: then a proxy cut the answer off. The service writes a policy that it has not applied yet as applied in 1970. */
function readLifecycleAnswer(
  answer: LifecycleAnswer,
  address: RepositoryAddress,
): LifecyclePolicy | undefined {
  const text = readText(answer.lifecyclePolicyText, 'lifecyclePolicyText', MOST_LIFECYCLE_CHARS);
  if (text === undefined) return undefined;
  const lastEvaluatedAt = readTime(answer.lastEvaluatedAt, 'lastEvaluatedAt');
  return {
    registryId: readText(answer.registryId, 'registryId') ?? address.registryId ?? '',
    repositoryName: readText(answer.repositoryName, 'repositoryName') ?? address.repositoryName,
    lifecyclePolicyText: text,
    lastEvaluatedAt: lastEvaluatedAt?.getTime() === 0 ? undefined : lastEvaluatedAt,
  };
}
