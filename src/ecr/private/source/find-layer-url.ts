import { GetDownloadUrlForLayerCommand } from '@aws-sdk/client-ecr';
import type { HttpAnswer } from '../../../net/send-request.ts';
import type { Digest } from '../../../oci/digest.ts';
import { RedirectError } from '../../../registry/read-answer.ts';
import { sendFollowing } from '../../../registry/send-following.ts';
import { readText, UnexpectedMember } from '../../answers.ts';
import { requirePrivate } from '../../client.ts';
import type { ReadPlace } from './get-image.ts';

/**
 * Asks where a blob can be read without credentials, for an hour. The URL holds its own signature, so it is secret. Undefined: the repository
 * lacks the blob. Throws NOT_FOUND for a missing repository.
 */
export async function findLayerUrl(
  { client, address }: ReadPlace,
  layerDigest: Digest,
  signal: AbortSignal,
): Promise<URL | undefined> {
  const sdk = requirePrivate(client);
  const { url } = await client.call(
    {
      operation: 'GetDownloadUrlForLayer',
      repositoryName: address.repositoryName,
      send: (abortSignal) =>
        sdk.send(new GetDownloadUrlForLayerCommand({ ...address, layerDigest }), { abortSignal }),
      read: ({ downloadUrl }): { readonly url: URL | undefined } | undefined => {
        const text = readText(downloadUrl, 'downloadUrl');
        if (text === undefined) return undefined;
        if (!URL.canParse(text)) throw new UnexpectedMember('downloadUrl is not a URL');
        return { url: new URL(text) };
      },
      answers: { LayersNotFoundException: () => ({ url: undefined }) },
    },
    signal,
  );
  return url;
}

/**
 * Asks the host of blobs for one, from byte `offset` on if it is given. Throws `RedirectError` for plain HTTP, unless the API itself answers
 * in it.
 */
export async function requestLayer(
  { client }: ReadPlace,
  url: URL,
  offset: number | undefined,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const isPlain = url.protocol === 'http:' && client.endpointUrl.startsWith('http:');
  if (url.protocol !== 'https:' && !isPlain) {
    throw new RedirectError(`the registry leads to ${url.protocol}//${url.host}, which is not HTTPS`);
  }
  const headers = { accept: '*/*', ...(offset !== undefined && { range: `bytes=${offset}-` }) };
  // The URL is signed, and its host refuses a second login.
  const answer = await sendFollowing(client.connections, url, { headers }, undefined, signal, true);
  return { ...answer, isElsewhere: true };
}
