import { BatchGetImageCommand, GetDownloadUrlForLayerCommand } from '@aws-sdk/client-ecr';
import { type EcrClient, requirePrivate } from '../client.ts';
import { allow, IMPOSSIBLE_DIGEST, type ProbedOperation, prepareProbe } from '../push-probes.ts';
import type { RepositoryAddress } from '../repositories.ts';

/**
 * Finds out which operations of a pull the credentials allow. Both only read, and name what cannot exist. A push needs BatchGetImage too: it
 * asks where a tag points. Throws NOT_FOUND for a missing repository, and UNAVAILABLE.
 */
export async function probePull(
  client: EcrClient,
  address: RepositoryAddress,
  signal: AbortSignal,
): Promise<readonly ProbedOperation[]> {
  const sdk = requirePrivate(client);
  const probe = prepareProbe(client, address, signal);
  return [
    await probe('BatchGetImage', {
      send: (abortSignal) =>
        sdk.send(new BatchGetImageCommand({ ...address, imageIds: [{ imageDigest: IMPOSSIBLE_DIGEST }] }), {
          abortSignal,
        }),
    }),
    await probe('GetDownloadUrlForLayer', {
      send: (abortSignal) =>
        sdk.send(new GetDownloadUrlForLayerCommand({ ...address, layerDigest: IMPOSSIBLE_DIGEST }), {
          abortSignal,
        }),
      answers: { LayersNotFoundException: allow, LayerInaccessibleException: allow },
    }),
  ];
}
