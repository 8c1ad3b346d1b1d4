import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../oci/media-types.ts';
import type { Answered, ApiCall } from './api-call.ts';
import type { EcrClient } from './client.ts';
import { isAccessDenied } from './errors.ts';
import type { RepositoryAddress } from './repositories.ts';

/** The answer to whether credentials allow an operation. */
export interface ProbedOperation {
  readonly operation: string;
  /** `unclear`: the service refused the call for another reason, and may not have looked at the permission. */
  readonly verdict: 'allowed' | 'denied' | 'unclear';
  /** The service's words when the operation is denied. */
  readonly message?: string;
}

/** No content has this digest: nobody can find bytes for a given SHA-256. */
export const IMPOSSIBLE_DIGEST = `sha256:${'0'.repeat(64)}`;
/** The nil UUID. The service makes its upload ids at random. */
const IMPOSSIBLE_UPLOAD = '00000000-0000-0000-0000-000000000000';

/** An image whose layer cannot exist. */
const IMPOSSIBLE_MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: { mediaType: OCI_CONFIG, digest: IMPOSSIBLE_DIGEST, size: 2 },
  layers: [{ mediaType: OCI_LAYER_GZIP, digest: IMPOSSIBLE_DIGEST, size: 32 }],
});

type Verdict = ProbedOperation['verdict'];

export const allow = (): Verdict => 'allowed';
const leaveUnclear = (): Verdict => 'unclear';

/** A call that tells by its answer, or by one of its exceptions, that the operation is allowed. */
type Probe = <Answer extends Answered>(
  operation: string,
  call: Pick<ApiCall<Answer, Verdict>, 'send' | 'answers'>,
) => Promise<ProbedOperation>;

/** Prepares probes of a repository. They throw everything but a denial. */
export function prepareProbe(
  client: EcrClient,
  { repositoryName }: RepositoryAddress,
  signal: AbortSignal,
): Probe {
  return async (operation, call) => {
    try {
      const verdict = await client.call(
        {
          operation,
          repositoryName,
          read: allow,
          ...call,
          answers: { InvalidParameterException: leaveUnclear, ...call.answers },
        },
        signal,
      );
      return { operation, verdict };
    } catch (error) {
      signal.throwIfAborted();
      if (!isAccessDenied(error)) throw error;
      return { operation, verdict: 'denied', message: error.message };
    }
  };
}

/**
 * Finds out which operations of a push the credentials allow, and changes nothing. BatchCheckLayerAvailability only reads. The other two
 * calls cannot succeed: the part is for an upload that does not exist; the image has a layer that does not exist, and is sent under a
 * digest that is not its own. InitiateLayerUpload is not tried, because it would leave an upload behind. Throws NOT_FOUND for a missing
 * repository, and UNAVAILABLE.
 */
export async function probePush(
  client: EcrClient,
  address: RepositoryAddress,
  signal: AbortSignal,
): Promise<readonly ProbedOperation[]> {
  const { operations } = client;
  const probe = prepareProbe(client, address, signal);
  return [
    await probe('BatchCheckLayerAvailability', {
      send: (abortSignal) =>
        operations.batchCheckLayerAvailability(
          { ...address, layerDigests: [IMPOSSIBLE_DIGEST] },
          {
            abortSignal,
          },
        ),
    }),
    await probe('UploadLayerPart', {
      send: (abortSignal) =>
        operations.uploadLayerPart(
          {
            ...address,
            uploadId: IMPOSSIBLE_UPLOAD,
            partFirstByte: 0,
            partLastByte: 0,
            layerPartBlob: Uint8Array.of(0),
          },
          { abortSignal },
        ),
      answers: { UploadNotFoundException: allow },
    }),
    await probe('PutImage', {
      send: (abortSignal) =>
        operations.putImage(
          {
            ...address,
            imageManifest: IMPOSSIBLE_MANIFEST,
            imageManifestMediaType: OCI_MANIFEST,
            imageDigest: IMPOSSIBLE_DIGEST,
          },
          { abortSignal },
        ),
      answers: { LayersNotFoundException: allow, ImageDigestDoesNotMatchException: allow },
    }),
  ];
}
