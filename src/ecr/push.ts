import type { InitiateLayerUploadCommandOutput } from '@aws-sdk/client-ecr-public';
import type { PutAnswer } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { MAX_BATCH, MAX_PART_BYTES, MIN_PART_BYTES } from '../wire/limits.ts';
import { readCount, readText, UnexpectedMember } from './answers.ts';
import type { EcrClient } from './client.ts';
import { preparePartUploads } from './parts/layer-part.ts';
import type { CompleteAnswer, PushService, StartedUpload } from './push-service.ts';
import type { RepositoryAddress } from './repositories.ts';

/** UUIDs as a rule; any other id that goes into a request as it is will do. */
const UPLOAD_ID = /^[\x21-\x7e]{1,256}$/;

/** Binds the five operations of a push to one repository. They take an alias as `registryId` too. */
export function connectPush(client: EcrClient, address: RepositoryAddress): PushService {
  const { call, operations } = client;
  const { repositoryName } = address;
  const checkBatch = (layerDigests: Digest[], signal: AbortSignal): Promise<readonly Digest[]> =>
    call(
      {
        operation: 'BatchCheckLayerAvailability',
        repositoryName,
        send: (abortSignal) =>
          operations.batchCheckLayerAvailability({ ...address, layerDigests }, { abortSignal }),
        // The service reports a missing layer in three ways: UNAVAILABLE, a MissingLayerDigest failure, or not at all.
        read: ({ layers, failures }) => {
          const invalid = failures?.find((failure) => failure.failureCode === 'InvalidLayerDigest');
          if (invalid) {
            throw refuseDigest(invalid.layerDigest, invalid.failureReason);
          }
          return layers?.flatMap(({ layerDigest, layerAvailability }) =>
            layerAvailability === 'AVAILABLE' && isDigest(layerDigest) ? [layerDigest] : [],
          );
        },
      },
      signal,
    );

  const findAvailable: PushService['findAvailable'] = async (digests, signal) => {
    const batches: Promise<readonly Digest[]>[] = [];
    for (let first = 0; first < digests.length; first += MAX_BATCH) {
      batches.push(checkBatch(digests.slice(first, first + MAX_BATCH), signal));
    }
    return new Set((await Promise.all(batches)).flat());
  };

  const createPart = preparePartUploads(client, address);

  return {
    findAvailable,

    initiateUpload: (signal) =>
      call(
        {
          operation: 'InitiateLayerUpload',
          repositoryName,
          send: (abortSignal) => operations.initiateLayerUpload(address, { abortSignal }),
          read: readStartedUpload,
        },
        signal,
      ),

    createPart,

    completeUpload: async (uploadId, digest, signal) => {
      const answer = await call(
        {
          operation: 'CompleteLayerUpload',
          repositoryName,
          send: (abortSignal) =>
            operations.completeLayerUpload(
              { ...address, uploadId, layerDigests: [digest] },
              {
                abortSignal,
              },
            ),
          read: ({ layerDigest }): CompleteAnswer | undefined => {
            if (layerDigest === undefined) {
              return undefined;
            }
            return layerDigest === digest ? { kind: 'stored' } : { kind: 'mismatch' };
          },
          answers: {
            LayerAlreadyExistsException: (): CompleteAnswer => ({ kind: 'stored' }),
            UploadNotFoundException: (): CompleteAnswer => ({ kind: 'vanished' }),
            // The service has lost what it had acknowledged: a push completes only uploads that it sent parts of.
            EmptyUploadException: (): CompleteAnswer => ({ kind: 'vanished' }),
            InvalidLayerException: (): CompleteAnswer => ({ kind: 'mismatch' }),
          },
        },
        signal,
      );
      // The upload is gone too when an attempt whose answer was lost completed it, or another upload of the same layer did.
      if (answer.kind === 'vanished' && (await findAvailable([digest], signal)).has(digest)) {
        return { kind: 'stored' };
      }
      return answer;
    },

    putImage: (manifest, signal) =>
      call(
        {
          operation: 'PutImage',
          repositoryName,
          send: (abortSignal) =>
            operations.putImage(
              {
                ...address,
                imageManifest: manifest.bytes.toString('utf8'),
                imageManifestMediaType: manifest.mediaType,
                imageDigest: manifest.digest,
                ...(manifest.tag === undefined ? {} : { imageTag: manifest.tag }),
              },
              { abortSignal },
            ),
          read: ({ image: stored }): PutAnswer | undefined => {
            const found = stored?.imageId?.imageDigest;
            if (found !== undefined && found !== manifest.digest) {
              throw refuseAnswer(manifest.digest, found);
            }
            return found === undefined
              ? undefined
              : { kind: 'put', registryId: readText(stored?.registryId, 'registryId') };
          },
          answers: {
            ImageAlreadyExistsException: (_exception, ambiguous) =>
              ambiguous ? { kind: 'put', registryId: undefined } : { kind: 'unchanged' },
            LayersNotFoundException: ({ message }) => ({ kind: 'missing', detail: message }),
            ReferencedImagesNotFoundException: ({ message }) => ({ kind: 'missing', detail: message }),
          },
        },
        signal,
      ),
  };
}

/** Throws `UnexpectedMember` for what no upload can be made with. */
function readStartedUpload(answer: InitiateLayerUploadCommandOutput): StartedUpload | undefined {
  const uploadId = readText(answer.uploadId, 'uploadId');
  const partSize = readCount(answer.partSize, 'partSize');
  if (uploadId === undefined || partSize === undefined) return undefined;
  if (!UPLOAD_ID.test(uploadId)) throw new UnexpectedMember('uploadId is not an id');
  if (partSize < MIN_PART_BYTES || partSize > MAX_PART_BYTES) {
    throw new UnexpectedMember(
      `partSize is ${partSize}, and parts have ${MIN_PART_BYTES} to ${MAX_PART_BYTES} bytes`,
    );
  }
  return { uploadId, partSize };
}

function refuseDigest(digest: string | undefined, reason: string | undefined): EcrpError {
  return new EcrpError('INVALID_INPUT', `The service does not take the layer digest ${digest}: ${reason}`, {
    operation: 'BatchCheckLayerAvailability',
    hint: 'ECR takes layers by SHA-256 only: save the image again.',
  });
}

function refuseAnswer(digest: Digest, found: string): EcrpError {
  return new EcrpError('UNAVAILABLE', `PutImage: the service stored ${found} where ${digest} was sent`, {
    operation: 'PutImage',
    hint: 'Something between here and the service changed the manifest; run it again, with --verify.',
  });
}
