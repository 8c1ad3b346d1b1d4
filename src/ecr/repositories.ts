import type {
  CreateRepositoryCommandOutput as PrivateCreateRepositoryCommandOutput,
  Repository as PrivateSdkRepository,
} from '@aws-sdk/client-ecr';
import {
  CreateRepositoryCommand,
  type CreateRepositoryCommandOutput,
  type DescribeRepositoriesCommandInput,
  type Repository as SdkRepository,
} from '@aws-sdk/client-ecr-public';
import { EcrpError } from '../errors.ts';
import type { CatalogDataInput, ResourceTag } from '../wire/operations.ts';
import { collectPages, type Page, readList, readText } from './answers.ts';
import { type EcrClient, requirePublic } from './client.ts';
import type { SendOptions } from './operations.ts';

/** A repository as the operations take it. */
export interface RepositoryAddress {
  /** Of 12 digits; the five operations of a push take an alias too. Absent for the caller's own registry. */
  readonly registryId?: string | undefined;
  readonly repositoryName: string;
}

export interface Repository {
  readonly repositoryName: string;
  readonly repositoryArn: string;
  readonly registryId: string;
  /** Reference without a tag: `public.ecr.aws/ALIAS/NAME`. */
  readonly repositoryUri: string;
  readonly createdAt: Date | undefined;
  /** Of private ECR alone. */
  readonly settings?: RepositorySettings;
}

/** What a repository of private ECR has beside one of ECR Public. Names and values as in the API. */
export interface RepositorySettings {
  readonly imageTagMutability: string | undefined;
  /** Patterns of the tags for which the opposite holds. */
  readonly imageTagMutabilityExclusionFilters: readonly MutabilityFilter[];
  readonly scanOnPush: boolean | undefined;
  readonly encryptionType: string | undefined;
  /** ARN */
  readonly kmsKey: string | undefined;
}

export interface MutabilityFilter {
  /** `WILDCARD` */
  readonly filterType: string;
  readonly filter: string;
}

export interface RepositoryInput {
  readonly repositoryName: string;
  /** Of private ECR: the account to create in, default the caller's own. */
  readonly registryId?: string | undefined;
  readonly catalogData?: CatalogDataInput | undefined;
  readonly tags?: readonly ResourceTag[] | undefined;
  /** Of private ECR. */
  readonly settings?: NewRepositorySettings | undefined;
}

/** What a repository of private ECR is created with. */
export interface NewRepositorySettings {
  readonly immutableTags?: boolean | undefined;
  readonly scanOnPush?: boolean | undefined;
  /** ARN, ID or alias of a KMS key. */
  readonly kmsKey?: string | undefined;
}

/** Creates a repository. Throws CONFLICT when it exists already, unless an attempt of this call whose answer was lost created it. */
export async function createRepository(
  client: EcrClient,
  input: RepositoryInput,
  signal: AbortSignal,
): Promise<Repository> {
  const { registryId, repositoryName } = input;
  const send =
    client.service.kind === 'private'
      ? (await import('./private/repository-settings.ts')).sendCreateRepository
      : createPublicly;
  const created = await client.call(
    {
      operation: 'CreateRepository',
      repositoryName,
      send: (abortSignal): Promise<CreatedAnswer> => send(client, input, { abortSignal }),
      read: ({ repository }): Repository | 'exists' | undefined => repository && readRepository(repository),
      answers: {
        RepositoryAlreadyExistsException: (_exception, ambiguous) =>
          ambiguous ? ('exists' as const) : undefined,
      },
    },
    signal,
  );
  if (created !== 'exists') {
    return created;
  }
  return describeRepository(client, { registryId, repositoryName }, signal);
}

type CreatedAnswer = CreateRepositoryCommandOutput | PrivateCreateRepositoryCommandOutput;

function createPublicly(
  client: EcrClient,
  { repositoryName, catalogData, tags }: RepositoryInput,
  options: SendOptions,
): Promise<CreateRepositoryCommandOutput> {
  const command = new CreateRepositoryCommand({
    repositoryName,
    ...(catalogData === undefined ? {} : { catalogData: copyCatalogData(catalogData) }),
    ...(tags === undefined ? {} : { tags: tags.map((tag) => ({ ...tag })) }),
  });
  return requirePublic(client).send(command, options);
}

/** Lists all repositories of a registry, by default the caller's own. */
export async function listRepositories(
  client: EcrClient,
  signal: AbortSignal,
  registryId?: string,
): Promise<readonly Repository[]> {
  return collectPages(undefined, (_ids, nextToken) => askPage(client, { registryId, nextToken }, signal));
}

/** Describes one repository. Throws NOT_FOUND when it does not exist. */
export async function describeRepository(
  client: EcrClient,
  { registryId, repositoryName }: RepositoryAddress,
  signal: AbortSignal,
): Promise<Repository> {
  const input = { registryId, repositoryNames: [repositoryName] };
  const [repository] = (await askPage(client, input, signal)).items;
  if (repository !== undefined) return repository;
  throw new EcrpError('NOT_FOUND', `the service did not describe the repository ${repositoryName}`, {
    hint: "'ecrp repo list' shows the repositories that are there.",
  });
}

function askPage(
  client: EcrClient,
  input: DescribeRepositoriesCommandInput,
  signal: AbortSignal,
): Promise<Page<Repository>> {
  return client.call(
    {
      operation: 'DescribeRepositories',
      repositoryName: input.repositoryNames?.[0],
      send: (abortSignal) => client.operations.describeRepositories(input, { abortSignal }),
      read: ({ repositories, nextToken }) =>
        repositories && {
          items: readList(repositories, 'repositories').flatMap((each) => readRepository(each) ?? []),
          nextToken: readText(nextToken, 'nextToken'),
        },
    },
    signal,
  );
}

/**
 * Deletes a repository and returns what it was, undefined if the answer to that was lost. Throws CONFLICT when it has images, unless
 * `force`.
 */
export async function deleteRepository(
  client: EcrClient,
  { registryId, repositoryName }: RepositoryAddress,
  force: boolean,
  signal: AbortSignal,
): Promise<Repository | undefined> {
  const deleted = await client.call(
    {
      operation: 'DeleteRepository',
      repositoryName,
      send: (abortSignal) =>
        client.operations.deleteRepository({ registryId, repositoryName, force }, { abortSignal }),
      read: ({ repository }): Repository | 'gone' => (repository && readRepository(repository)) ?? 'gone',
      answers: {
        RepositoryNotFoundException: (_exception, ambiguous) => (ambiguous ? ('gone' as const) : undefined),
      },
    },
    signal,
  );
  return deleted === 'gone' ? undefined : deleted;
}

/** Copies catalog data, because the SDK takes lists that it may change. */
export function copyCatalogData({ architectures, operatingSystems, ...rest }: CatalogDataInput) {
  return {
    ...rest,
    ...(architectures && { architectures: [...architectures] }),
    ...(operatingSystems && { operatingSystems: [...operatingSystems] }),
  };
}

/** Reads a repository of an answer; undefined without a name. Throws `UnexpectedMember`. */
function readRepository(repository: SdkRepository | PrivateSdkRepository): Repository | undefined {
  const { createdAt } = repository;
  const repositoryName = readText(repository.repositoryName, 'repositoryName');
  if (repositoryName === undefined) return undefined;
  const settings = readSettings(repository);
  return {
    repositoryName,
    repositoryArn: readText(repository.repositoryArn, 'repositoryArn') ?? '',
    registryId: readText(repository.registryId, 'registryId') ?? '',
    repositoryUri: readText(repository.repositoryUri, 'repositoryUri') ?? '',
    // A number that is not a time gives a Date that cannot be printed.
    createdAt: Number.isNaN(createdAt?.getTime()) ? undefined : createdAt,
    ...(settings && { settings }),
  };
}

function readSettings(repository: PrivateSdkRepository): RepositorySettings | undefined {
  const { imageTagMutability, imageScanningConfiguration, encryptionConfiguration } = repository;
  const known = imageTagMutability ?? imageScanningConfiguration ?? encryptionConfiguration;
  if (known === undefined) return undefined;
  const filters = readList(
    repository.imageTagMutabilityExclusionFilters,
    'imageTagMutabilityExclusionFilters',
  );
  return {
    imageTagMutability: readText(imageTagMutability, 'imageTagMutability'),
    imageTagMutabilityExclusionFilters: filters.map(({ filterType, filter }) => ({
      filterType: readText(filterType, 'filterType') ?? '',
      filter: readText(filter, 'filter') ?? '',
    })),
    scanOnPush: imageScanningConfiguration && imageScanningConfiguration.scanOnPush === true,
    encryptionType: readText(encryptionConfiguration?.encryptionType, 'encryptionType'),
    kmsKey: readText(encryptionConfiguration?.kmsKey, 'kmsKey'),
  };
}
