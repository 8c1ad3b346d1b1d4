import {
  CreateRepositoryCommand,
  type CreateRepositoryCommandOutput,
  PutImageScanningConfigurationCommand,
  PutImageTagMutabilityCommand,
} from '@aws-sdk/client-ecr';
import { type EcrClient, requirePrivate } from '../client.ts';
import type { SendOptions } from '../operations.ts';
import type { RepositoryAddress, RepositoryInput } from '../repositories.ts';

/** Sends CreateRepository to private ECR: in the account that the input names, by default the caller's own. */
export function sendCreateRepository(
  client: EcrClient,
  { registryId, repositoryName, tags, settings = {} }: RepositoryInput,
  options: SendOptions,
): Promise<CreateRepositoryCommandOutput> {
  const { immutableTags, scanOnPush, kmsKey } = settings;
  const command = new CreateRepositoryCommand({
    registryId,
    repositoryName,
    ...(tags && { tags: tags.map((tag) => ({ ...tag })) }),
    ...(immutableTags && { imageTagMutability: 'IMMUTABLE' }),
    ...(scanOnPush && { imageScanningConfiguration: { scanOnPush } }),
    ...(kmsKey !== undefined && { encryptionConfiguration: { encryptionType: 'KMS', kmsKey } }),
  });
  return requirePrivate(client).send(command, options);
}

/** Makes every tag of a repository immutable. Patterns that excluded some are removed. */
export async function makeTagsImmutable(
  client: EcrClient,
  address: RepositoryAddress,
  signal: AbortSignal,
): Promise<void> {
  const sdk = requirePrivate(client);
  const input = { ...address, imageTagMutability: 'IMMUTABLE' as const };
  await client.call(
    {
      operation: 'PutImageTagMutability',
      repositoryName: address.repositoryName,
      send: (abortSignal) => sdk.send(new PutImageTagMutabilityCommand(input), { abortSignal }),
      read: () => true,
    },
    signal,
  );
}

/** Has a repository scan each image that is pushed. */
export async function startScanning(
  client: EcrClient,
  address: RepositoryAddress,
  signal: AbortSignal,
): Promise<void> {
  const sdk = requirePrivate(client);
  const input = { ...address, imageScanningConfiguration: { scanOnPush: true } };
  await client.call(
    {
      operation: 'PutImageScanningConfiguration',
      repositoryName: address.repositoryName,
      send: (abortSignal) => sdk.send(new PutImageScanningConfigurationCommand(input), { abortSignal }),
      read: () => true,
    },
    signal,
  );
}
