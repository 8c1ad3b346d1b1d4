import {
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  DescribeRepositoriesCommand,
  type Repository as SdkRepository,
} from '@aws-sdk/client-ecr-public';
import type { EcrClient } from './client.ts';
import { collectPages } from './pages.ts';

export interface Repository {
  readonly repositoryName: string;
  readonly repositoryArn: string;
  readonly registryId: string;
  /** Where it is pulled from, without a tag: `public.ecr.aws/ALIAS/NAME`. */
  readonly repositoryUri: string;
  readonly createdAt: Date | undefined;
}

/** The API's `RepositoryCatalogDataInput`. */
export interface CatalogDataInput {
  readonly description?: string;
  readonly aboutText?: string;
  readonly usageText?: string;
  readonly architectures?: readonly string[];
  readonly operatingSystems?: readonly string[];
  /** The PNG's bytes. */
  readonly logoImageBlob?: Uint8Array;
}

export interface ResourceTag {
  readonly Key: string;
  readonly Value: string;
}

export interface RepositoryInput {
  readonly repositoryName: string;
  readonly catalogData?: CatalogDataInput | undefined;
  readonly tags?: readonly ResourceTag[] | undefined;
}

/** Creates a repository; one that exists already is CONFLICT, unless a lost answer of this very call made it. */
export async function createRepository(
  client: EcrClient,
  input: RepositoryInput,
  signal: AbortSignal,
): Promise<Repository> {
  const { repositoryName, catalogData, tags } = input;
  const created = await client.call(
    {
      operation: 'CreateRepository',
      repositoryName,
      send: (abortSignal) =>
        client.sdk.send(
          new CreateRepositoryCommand({
            repositoryName,
            ...(catalogData === undefined ? {} : { catalogData: copyCatalogData(catalogData) }),
            ...(tags === undefined ? {} : { tags: tags.map((tag) => ({ ...tag })) }),
          }),
          { abortSignal },
        ),
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
  const [repository] = await describeRepositories(client, [repositoryName], signal);
  if (repository === undefined) {
    throw new TypeError(`DescribeRepositories answered without ${repositoryName}`);
  }
  return repository;
}

/** Repositories by name, all of the registry when no names are given; a name that is not there is NOT_FOUND. */
export async function describeRepositories(
  client: EcrClient,
  names: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<readonly Repository[]> {
  return collectPages(names, (repositoryNames, nextToken) =>
    client.call(
      {
        operation: 'DescribeRepositories',
        ...(names?.[0] === undefined ? {} : { repositoryName: names[0] }),
        send: (abortSignal) =>
          client.sdk.send(
            new DescribeRepositoriesCommand(repositoryNames ? { repositoryNames } : { nextToken }),
            { abortSignal },
          ),
        read: ({ repositories, nextToken: next }) =>
          repositories && {
            items: repositories.flatMap((each) => readRepository(each) ?? []),
            nextToken: next,
          },
      },
      signal,
    ),
  );
}

/** Deletes a repository; with images in it CONFLICT, unless `force`. */
export async function deleteRepository(
  client: EcrClient,
  repositoryName: string,
  force: boolean,
  signal: AbortSignal,
): Promise<void> {
  await client.call(
    {
      operation: 'DeleteRepository',
      repositoryName,
      send: (abortSignal) =>
        client.sdk.send(new DeleteRepositoryCommand({ repositoryName, force }), { abortSignal }),
      read: () => true,
      answers: { RepositoryNotFoundException: (_exception, ambiguous) => ambiguous || undefined },
    },
    signal,
  );
}

function copyCatalogData(data: CatalogDataInput) {
  const { architectures, operatingSystems, ...rest } = data;
  return {
    ...rest,
    ...(architectures ? { architectures: [...architectures] } : {}),
    ...(operatingSystems ? { operatingSystems: [...operatingSystems] } : {}),
  };
}

function readRepository(repository: SdkRepository): Repository | undefined {
  const { repositoryName, repositoryArn = '', registryId = '', repositoryUri = '', createdAt } = repository;
  return repositoryName === undefined
    ? undefined
    : { repositoryName, repositoryArn, registryId, repositoryUri, createdAt };
}
