import { BatchGetImageCommand, type ImageFailure, type Image as SdkImage } from '@aws-sdk/client-ecr';
import type { ReadManifest } from '../../../ends/image-target.ts';
import { EcrpError, type ErrorCode } from '../../../errors.ts';
import { isDigest } from '../../../oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../../../oci/manifest.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from '../../../oci/media-types.ts';
import { identifyManifest } from '../../../registry/manifest-answer.ts';
import { readList, readText, UnexpectedMember } from '../../answers.ts';
import { type EcrClient, requirePrivate } from '../../client.ts';
import type { RepositoryAddress } from '../../repositories.ts';

/** All that a registry stores. The service may convert what a tag points to into a type that is asked for. */
export const ACCEPTED_TYPES = [OCI_INDEX, DOCKER_MANIFEST_LIST, OCI_MANIFEST, DOCKER_MANIFEST];

/** What a failure means; others than these are explained by the service's own words. */
const FAILURES: Readonly<Record<string, { readonly code: ErrorCode; readonly hint: string }>> = {
  ImageInaccessible: {
    code: 'NOT_FOUND',
    hint: "If it is archived, restore it: 'aws ecr update-image-storage-class --target-storage-class STANDARD'.",
  },
  KmsError: { code: 'AUTH', hint: 'Check that the KMS key of the repository is enabled.' },
  UpstreamAccessDenied: {
    code: 'AUTH',
    hint: "Check the secret of the repository's pull-through cache rule.",
  },
  UpstreamTooManyRequests: { code: 'UNAVAILABLE', hint: 'Run the command again later.' },
  UpstreamUnavailable: { code: 'UNAVAILABLE', hint: 'Run the command again later.' },
};
const MISSING: readonly string[] = ['ImageNotFound', 'ImageTagDoesNotMatchDigest'];

/** A repository of a private registry that is read. */
export interface ReadPlace {
  readonly client: EcrClient;
  readonly address: RepositoryAddress;
  /** For messages: `HOST/REPOSITORY`. */
  readonly name: string;
}

/**
 * Reads the manifest of an image by tag or digest, exactly as it was pushed; undefined: it does not exist. Throws NOT_FOUND for a missing
 * repository and an archived image, UNAVAILABLE for bytes with another digest than asked for or stated.
 */
export async function getImage(
  { client, address, name }: ReadPlace,
  reference: string,
  signal: AbortSignal,
): Promise<ReadManifest | undefined> {
  const what = nameImage(name, reference);
  const imageId = isDigest(reference) ? { imageDigest: reference } : { imageTag: reference };
  const sdk = requirePrivate(client);
  const { found } = await client.call(
    {
      operation: 'BatchGetImage',
      repositoryName: address.repositoryName,
      send: (abortSignal) =>
        sdk.send(
          new BatchGetImageCommand({ ...address, imageIds: [imageId], acceptedMediaTypes: ACCEPTED_TYPES }),
          { abortSignal },
        ),
      read: ({ images, failures }) => {
        const [image] = readList(images, 'images');
        if (image !== undefined) return { found: readImage(image, reference, what) };
        const [failure] = readList(failures, 'failures');
        if (failure === undefined) return undefined;
        if (isMissingImage(failure)) return { found: undefined };
        throw explainFailedImage(failure, what);
      },
    },
    signal,
  );
  return found;
}

/** Names an image for messages. `reference`: tag or digest. */
export function nameImage(repository: string, reference: string): string {
  return `${repository}: the ${isDigest(reference) ? 'manifest' : 'tag'} ${reference}`;
}

export function isMissingImage({ failureCode }: ImageFailure): boolean {
  return MISSING.includes(failureCode ?? '');
}

export function readImage(
  { imageManifest, imageManifestMediaType, imageId }: SdkImage,
  reference: string,
  what: string,
): ReadManifest {
  const text = readText(imageManifest, 'imageManifest', MAX_MANIFEST_BYTES);
  if (text === undefined) throw new UnexpectedMember('imageManifest is missing');
  const stated = {
    mediaType: readText(imageManifestMediaType, 'imageManifestMediaType'),
    digest: readText(imageId?.imageDigest, 'imageDigest'),
  };
  return identifyManifest(Buffer.from(text, 'utf8'), reference, stated, what);
}

export function explainFailedImage({ failureCode, failureReason }: ImageFailure, what: string): EcrpError {
  const failure = readText(failureCode, 'failureCode') ?? 'no reason';
  const reason = readText(failureReason, 'failureReason');
  const known = Object.hasOwn(FAILURES, failure) ? FAILURES[failure] : undefined;
  return new EcrpError(
    known?.code ?? 'INVALID_INPUT',
    `${what} cannot be read: ${failure}${reason === undefined ? '' : `: ${reason}`}`,
    { operation: 'BatchGetImage', hint: known?.hint ?? 'Check the tag or digest in the reference.' },
  );
}
