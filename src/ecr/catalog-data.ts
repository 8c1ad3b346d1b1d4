import {
  GetRepositoryCatalogDataCommand,
  PutRepositoryCatalogDataCommand,
  type RepositoryCatalogData as SdkCatalogData,
} from '@aws-sdk/client-ecr-public';
import { MAX_ABOUT_CHARS, MAX_USAGE_CHARS } from '../wire/limits.ts';
import type { CatalogDataInput, RepositoryCatalogData } from '../wire/operations.ts';
import { readText, readTexts } from './answers.ts';
import { type EcrClient, requirePublic } from './client.ts';
import { copyCatalogData, type RepositoryAddress } from './repositories.ts';

/** Gets the catalog data of a repository, an empty object when it has none. Throws NOT_FOUND when the service says that it has none. */
export async function getCatalogData(
  client: EcrClient,
  { registryId, repositoryName }: RepositoryAddress,
  signal: AbortSignal,
): Promise<RepositoryCatalogData> {
  return client.call(
    {
      operation: 'GetRepositoryCatalogData',
      repositoryName,
      send: (abortSignal) =>
        requirePublic(client).send(new GetRepositoryCatalogDataCommand({ registryId, repositoryName }), {
          abortSignal,
        }),
      read: ({ catalogData }) => catalogData && readCatalogData(catalogData),
    },
    signal,
  );
}

/**
 * Puts catalog data and returns what the service then has. Whether it keeps absent members is not documented, so give them all: an
 * empty text, list or logo clears one.
 */
export async function putCatalogData(
  client: EcrClient,
  { registryId, repositoryName }: RepositoryAddress,
  data: CatalogDataInput,
  signal: AbortSignal,
): Promise<RepositoryCatalogData> {
  return client.call(
    {
      operation: 'PutRepositoryCatalogData',
      repositoryName,
      send: (abortSignal) =>
        requirePublic(client).send(
          new PutRepositoryCatalogDataCommand({
            registryId,
            repositoryName,
            catalogData: copyCatalogData(data),
          }),
          { abortSignal },
        ),
      read: ({ catalogData }) => catalogData && readCatalogData(catalogData),
    },
    signal,
  );
}

/** A character takes up to two UTF-16 code units. */
const UNITS = 2;

function readCatalogData(data: SdkCatalogData): RepositoryCatalogData {
  const { architectures, operatingSystems, marketplaceCertified } = data;
  return {
    description: readText(data.description, 'description'),
    ...(architectures && { architectures: readTexts(architectures, 'architectures') }),
    ...(operatingSystems && { operatingSystems: readTexts(operatingSystems, 'operatingSystems') }),
    logoUrl: readText(data.logoUrl, 'logoUrl'),
    aboutText: readText(data.aboutText, 'aboutText', UNITS * MAX_ABOUT_CHARS),
    usageText: readText(data.usageText, 'usageText', UNITS * MAX_USAGE_CHARS),
    ...(typeof marketplaceCertified === 'boolean' && { marketplaceCertified }),
  };
}
