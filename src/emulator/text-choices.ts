import { choose, type EmulatorChoice } from './choice.ts';

// The service checks these forms, but its model has none for image tags and digests. Source: recorded texts.

export const IMAGE_TAG_PATTERN = '[a-zA-Z0-9-_.]+';
export const IMAGE_DIGEST_PATTERN = '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+';
/** Equal to the pattern of the model. */
export const LAYER_DIGEST_PATTERN = IMAGE_DIGEST_PATTERN;

const notRecorded = 'text not recorded';

/** Decisions about error texts. Part of `CHOICES`. */
export const TEXT_CHOICES = {
  missingMemberReason: choose('Member must not be null', 'sibling services', notRecorded),
  invalidNextTokenReason: choose('Invalid token', 'by analogy', notRecorded),
  excludedPagingReason: choose(
    'Member must be null when names or ids are given',
    'model: the list excludes paging',
    notRecorded,
  ),
  mediaTypeDisagreesReason: choose(
    'Media type of the request differs from the one in the manifest',
    'no other exception fits',
    'one of the two wins silently',
  ),
  invalidLogoReason: choose(
    'Logo must be a PNG image of 60 to 2048 pixels a side',
    'user guide for the limits',
    notRecorded,
  ),
  missingLayerDigestReason: choose(
    'Invalid request parameters: layer digest cannot be null',
    'by analogy with image digests',
    notRecorded,
  ),
  invalidLayerDigestReason: choose(
    `Invalid request parameters: layer digest should satisfy the regex '${LAYER_DIGEST_PATTERN}'`,
    'by analogy with image digests',
    notRecorded,
  ),
  invalidImageTagReason: choose(
    `Invalid request parameters: image tag should satisfy the regex '${IMAGE_TAG_PATTERN}'`,
    'by analogy with image digests',
    notRecorded,
  ),
  tagDoesNotMatchDigestReason: choose(
    'Invalid request parameters: image tag does not match image digest',
    'by analogy with image digests',
    notRecorded,
  ),
  lockOutReason: choose(
    'The policy would prevent future calls to SetRepositoryPolicy; set force to use it',
    'model: force is needed then',
    notRecorded,
  ),

  registryNotFoundText: choose(
    (registryId: string) => `The registry with id '${registryId}' does not exist`,
    'by analogy with repositories',
    notRecorded,
  ),
  uploadNotFoundText: choose(
    (uploadId: string, repositoryName: string, registryId: string) =>
      `The upload with id '${uploadId}' in the repository with name '${repositoryName}' in the registry with id '${registryId}' does not exist`,
    'half recorded from private',
    'other words in the middle',
  ),
  partSizeText: choose(
    (bytes: number, firstByte: number, lastByte: number) =>
      `Layer part has ${bytes} bytes instead of the ${lastByte - firstByte + 1} from first byte ${firstByte} to last byte ${lastByte}`,
    'model: InvalidLayerPartException when the size is not valid',
    notRecorded,
  ),
  tooManyPartsText: choose(
    (uploadId: string, maximum: number) =>
      `The upload with id '${uploadId}' already has the maximum allowed number of layer parts which is '${maximum}'`,
    'model: of the declared exceptions, only LimitExceededException fits',
    notRecorded,
  ),
  layerTooLargeText: choose(
    (uploadId: string, maximum: number) =>
      `The upload with id '${uploadId}' exceeds the maximum allowed size of a layer which is '${maximum}' bytes`,
    'quotas page for the limit; LimitExceededException by analogy with layer parts',
    notRecorded,
  ),
  layerAlreadyExistsText: choose(
    (digest: string, repositoryName: string, registryId: string) =>
      `The layer with digest '${digest}' already exists in the repository with name '${repositoryName}' in registry with id '${registryId}'`,
    'by analogy with images',
    notRecorded,
  ),
  imageDigestDoesNotMatchText: choose(
    (given: string, repositoryName: string, registryId: string) =>
      `The image with digest '${given}' in repository '${repositoryName}' and registry ID '${registryId}' does not match the image digest that Amazon ECR has calculated.`,
    'recorded from private (google/go-containerregistry#1568)',
    'other words in ECR Public',
  ),
  tooManyRepositoriesText: choose(
    (registryId: string, maximum: number) =>
      `The registry with id '${registryId}' already has the maximum allowed number of repositories which is '${maximum}'`,
    'by analogy with images',
    notRecorded,
  ),
  tooManyTagsText: choose(
    (maximum: number) => `A repository cannot have more than ${maximum} tags`,
    'user guide for the limit',
    notRecorded,
  ),
  invalidTagText: choose(
    (key: string) => `The tag with key '${key}' has a key or value that is not allowed`,
    'user guide for the rule',
    notRecorded,
  ),
  incompleteTagText: choose(
    'A tag must have both Key and Value',
    'model: neither member is marked as required',
    'an absent value is an empty one',
  ),
} as const satisfies Record<string, EmulatorChoice<unknown>>;
