import type { PrivateInputOf, PrivateValueOf } from '../../wire/private/operations.ts';
import { findRepository, type OperationContext, toEpochSeconds } from '../operations/context.ts';
import { forbidPaging, paginate } from '../operations/paginate.ts';
import {
  checkRepositoryCount,
  checkRepositoryIsEmpty,
  checkRepositoryIsNew,
} from '../operations/repositories.ts';
import { mergeResourceTags } from '../operations/resource-tags.ts';
import { invalidParameter } from '../service-error.ts';
import type { StoredRepository, StoredSettings } from '../storage/model.ts';
import { PRIVATE_CHOICES } from './choices.ts';
import type { PrivateHandler, PrivateHandlers } from './handler.ts';
import { acceptMutability, describeMutability } from './mutability.ts';
import { formatRegistryHost } from './registries.ts';
import { findPartition } from './service.ts';

const createPrivateRepository: PrivateHandler<'CreateRepository'> = (context, input) => {
  const name = input.repositoryName;
  const settings = acceptSettings(context, input);
  const resourceTags = mergeResourceTags(new Map(), input.tags ?? []);
  checkRepositoryIsNew(context, name);
  checkRepositoryCount(context);
  const repository = context.store.createRepository({ name, catalogData: {}, resourceTags, settings });
  return { repository: describePrivateRepository(context, repository) };
};

/** Reads the settings of a new repository. Throws InvalidParameterException for those that exclude each other. */
function acceptSettings(
  context: OperationContext,
  input: PrivateInputOf<'CreateRepository'>,
): StoredSettings {
  const { encryptionType = 'AES256', kmsKey } = input.encryptionConfiguration ?? {};
  if (encryptionType === 'AES256' && kmsKey !== undefined) {
    throw invalidParameter('kmsKey', PRIVATE_CHOICES.keyWithoutKms.value);
  }
  return {
    ...acceptMutability(input),
    scanOnPush: input.imageScanningConfiguration?.scanOnPush ?? false,
    ...completeEncryption(context, { encryptionType, kmsKey }),
  };
}

/** The encryption of a new repository. A KMS key that is left out is the account's own. */
export function completeEncryption(
  { service, registry }: OperationContext,
  { encryptionType, kmsKey }: { readonly encryptionType: Encryption; readonly kmsKey?: string | undefined },
): Pick<StoredSettings, 'encryptionType' | 'kmsKey'> {
  if (encryptionType === 'AES256') return { encryptionType };
  const partition = findPartition(service.region);
  const ownKey = PRIVATE_CHOICES.ownKmsKey.value(partition, service.region, registry.registryId);
  return { encryptionType, kmsKey: kmsKey ?? ownKey };
}

type Encryption = StoredSettings['encryptionType'];

/** Lists in the order of creation. One unknown name fails the call. */
const describePrivateRepositories: PrivateHandler<'DescribeRepositories'> = (context, input) => {
  const describeNamed = (names: readonly string[]) =>
    names.map((repositoryName) =>
      describePrivateRepository(context, findRepository(context, { repositoryName })),
    );
  if (input.repositoryNames !== undefined) {
    forbidPaging(input);
    return { repositories: describeNamed(input.repositoryNames) };
  }
  const { page, nextToken } = paginate(context.store.repositories.keys(), input, 'repositories');
  return { repositories: describeNamed(page), nextToken };
};

const deletePrivateRepository: PrivateHandler<'DeleteRepository'> = (context, input) => {
  const repository = findRepository(context, input);
  checkRepositoryIsEmpty(context, repository, input.force);
  const described = describePrivateRepository(context, repository);
  context.store.deleteRepository(repository.name);
  return { repository: described };
};

/** Replaces the kind and all filters. */
const putImageTagMutability: PrivateHandler<'PutImageTagMutability'> = (context, input) => {
  const repository = findRepository(context, input);
  const mutability = acceptMutability(input);
  context.store.setSettings(repository.name, { ...requireSettings(repository), ...mutability });
  return {
    registryId: context.registry.registryId,
    repositoryName: repository.name,
    ...describeMutability(mutability),
  };
};

const putImageScanningConfiguration: PrivateHandler<'PutImageScanningConfiguration'> = (context, input) => {
  const repository = findRepository(context, input);
  const { scanOnPush = false } = input.imageScanningConfiguration;
  context.store.setSettings(repository.name, { ...requireSettings(repository), scanOnPush });
  return {
    registryId: context.registry.registryId,
    repositoryName: repository.name,
    imageScanningConfiguration: { scanOnPush },
  };
};

export const privateRepositoryHandlers: PrivateHandlers<
  | 'CreateRepository'
  | 'DescribeRepositories'
  | 'DeleteRepository'
  | 'PutImageTagMutability'
  | 'PutImageScanningConfiguration'
> = {
  CreateRepository: createPrivateRepository,
  DescribeRepositories: describePrivateRepositories,
  DeleteRepository: deletePrivateRepository,
  PutImageTagMutability: putImageTagMutability,
  PutImageScanningConfiguration: putImageScanningConfiguration,
};

function describePrivateRepository(
  context: OperationContext,
  repository: StoredRepository,
): PrivateValueOf<'Repository'> {
  const { registryId } = context.registry;
  const settings = requireSettings(repository);
  return {
    repositoryArn: context.service.formatRepositoryArn(registryId, repository.name),
    registryId,
    repositoryName: repository.name,
    repositoryUri: `${formatRegistryHost(context, registryId)}/${repository.name}`,
    createdAt: toEpochSeconds(repository.createdAt),
    ...describeMutability(settings),
    imageScanningConfiguration: { scanOnPush: settings.scanOnPush },
    encryptionConfiguration: { encryptionType: settings.encryptionType, kmsKey: settings.kmsKey },
  };
}

/** Every repository in a store of private ECR has settings. */
function requireSettings({ name, settings }: StoredRepository): StoredSettings {
  if (settings === undefined) throw new Error(`repository ${name} has no settings`);
  return settings;
}
