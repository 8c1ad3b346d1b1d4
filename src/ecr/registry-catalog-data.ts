import { GetRegistryCatalogDataCommand, PutRegistryCatalogDataCommand } from '@aws-sdk/client-ecr-public';
import { readText } from './answers.ts';
import { type EcrClient, requirePublic } from './client.ts';

/** What the Gallery shows of a registry. */
export interface RegistryCatalogData {
  /** Absent if none was set. */
  readonly displayName?: string | undefined;
}

/** Gets the catalog data of the caller's own registry. */
export async function getRegistryCatalogData(
  client: EcrClient,
  signal: AbortSignal,
): Promise<RegistryCatalogData> {
  return client.call(
    {
      operation: 'GetRegistryCatalogData',
      send: (abortSignal) =>
        requirePublic(client).send(new GetRegistryCatalogDataCommand({}), { abortSignal }),
      read: ({ registryCatalogData }) => registryCatalogData && readCatalogAnswer(registryCatalogData),
    },
    signal,
  );
}

/** Sets the display name of the caller's own registry. An empty one removes it. */
export async function putRegistryCatalogData(
  client: EcrClient,
  displayName: string,
  signal: AbortSignal,
): Promise<RegistryCatalogData> {
  return client.call(
    {
      operation: 'PutRegistryCatalogData',
      send: (abortSignal) =>
        requirePublic(client).send(new PutRegistryCatalogDataCommand({ displayName }), { abortSignal }),
      read: ({ registryCatalogData }) => registryCatalogData && readCatalogAnswer(registryCatalogData),
    },
    signal,
  );
}

function readCatalogAnswer(data: { readonly displayName?: unknown }): RegistryCatalogData {
  return { displayName: readText(data.displayName, 'displayName') };
}
