import { MAX_PART_BYTES, PART_BYTES } from '../wire/limits.ts';
import { IMAGE_TAG_PATTERN, LAYER_DIGEST_PATTERN } from './patterns.ts';

// Where AWS's documents contradict each other or are silent: what the emulator does, on what ground, and what else it could be.
// `model`: AWS service model 2020-10-30. `quotas page`: "Amazon ECR Public service quotas". `private`: recorded of Amazon ECR private.

interface Choice<Value> {
  readonly value: Value;
  readonly source: string;
  readonly alternative: string;
}

function choose<Value>(value: Value, source: string, alternative: string): Choice<Value> {
  return { value, source, alternative };
}

const notRecorded = 'text not recorded';

export const CHOICES = {
  commonErrorStatus: choose(
    400,
    'recorded of JSON services',
    '403 in newer lists of common errors; 404 for an unknown operation',
  ),
  signatureWindowMs: choose(15 * 60_000, 'text recorded of private', '5 minutes, as other JSON services'),
  orderOfChecks: choose(
    'size of the body, form of the signature, scope, key, clock, signature, expiry of the key, operation, types, permission, constraints, the operation itself',
    'scope and clock tell more than a signature that does not match',
    'any other order',
  ),
  contentType: choose('not looked at', 'clients send the right one', 'UnknownOperationException for others'),
  emptyBody: choose('an input without members', 'some clients send nothing for it', 'SerializationException'),
  base64: choose('standard alphabet, padded', 'model: what SDKs send', 'whatever a lenient decoder takes'),

  quotaBurst: choose(
    1,
    'not documented: as many at once as one second allows',
    'any other number of seconds',
  ),
  throttledBefore: choose(
    'permission and constraints',
    'quotas are counted in front of operations',
    'what is refused does not count',
  ),
  pull: choose('GET of a manifest', 'not documented', 'each request, or each layer'),
  anonymousPulls: choose(
    'one quota for all',
    'clients of an emulator share the address',
    'one for each address, as the quotas page has it',
  ),

  partBytes: choose(PART_BYTES, 'sample of private; quotas page', 'never published of public'),
  maximumPartBytes: choose(MAX_PART_BYTES, 'model', '10 MiB by the quotas page'),
  partWithoutBytes: choose('InvalidLayerPartException', 'a layer without bytes cannot be pushed', 'accepted'),
  lastValidByteBeforeFirstPart: choose('left out', 'model: no number below 0', '0'),
  uploadAfterFailedComplete: choose('stays as it is', 'the call can be repeated then', 'is gone'),
  layerMediaTypeBeforeImage: choose(
    'left out',
    'no image has named it yet',
    'that of a docker config, as recorded once',
  ),

  missingSubject: choose('accepted', 'OCI distribution specification', 'ReferencedImagesNotFoundException'),
  foreignLayers: choose(
    'need not be there when they have urls',
    'docker does not push them',
    'LayersNotFoundException',
  ),
  tagOfUntagged: choose('null', 'ImageNotFoundException prints it so', 'None, as moto'),
  imagePushedAt: choose('when the image first came', 'the name', 'when a tag was last put on it'),
  imageSizeInBytes: choose(
    'config and layers',
    'model: an index counts as its largest manifest',
    'layers alone',
  ),
  imageOrder: choose('as they came', 'not documented', 'any other'),
  deleteByTagAndDigest: choose(
    'as by tag, when they agree',
    'model: ImageTagDoesNotMatchDigest',
    'as by digest',
  ),

  repositoryArn: choose(
    'without a region',
    'recorded samples',
    'with a region, as one sample of the user guide has it',
  ),
  repositoryUri: choose(
    "at the emulator's own host",
    'so that clients can pull',
    'public.ecr.aws, as the service',
  ),
  aliasBeforeFirstRepository: choose(
    'there already',
    'it is told at the start',
    'comes with the first repository',
  ),
  foreignRegistry: choose(
    'RepositoryNotFoundException for a repository that is not there, AccessDeniedException for one whose policy does not allow the call and where none is named',
    'recorded of private across accounts; denials name the resource-based policy; RegistryNotFoundException is declared by the push operations alone',
    'AccessDeniedException everywhere, so that nobody learns what is there',
  ),
  policyConditions: choose(
    'a statement with a condition counts for nothing',
    'most keys say nothing about an emulator',
    'conditions are evaluated',
  ),
  absentCatalogData: choose('empty', "terraform's acceptance test", 'RepositoryCatalogDataNotFoundException'),
  catalogDataWithoutLogo: choose(
    'replaces all but the logo',
    'terraform sends the whole object',
    'merges, or drops the logo',
  ),
  displayName: choose('accepted from everybody', 'user guide', 'only from verified accounts, says the model'),

  maximumRepositories: choose(10_000, 'quotas page', 'adjustable by account'),
  maximumImagesPerRepository: choose(100_000, 'quotas page today', '10,000 in the user guide of 2021'),
  maximumLayersPerImage: choose(
    127,
    'once listed for private',
    'another number: the check exists, its limit is not published',
  ),
  unknownLayer: choose(
    'UNAVAILABLE' as const,
    "AWS's own containerd resolver only uploads layers that are listed so",
    'a failure MissingLayerDigest, as moto answers',
  ),

  missingMemberReason: choose('Member must not be null', 'sibling services', notRecorded),
  invalidNextTokenReason: choose('Invalid token', 'by analogy', notRecorded),
  excludedPagingReason: choose(
    'Member must be null when names or ids are given',
    'model: the list excludes paging',
    notRecorded,
  ),
  mediaTypeDisagreesReason: choose(
    'Media type of the request differs from the one in the manifest',
    'the only exception that fits',
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
    'half recorded of private',
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
    'model: LimitExceededException is the only one declared that fits',
    notRecorded,
  ),
  layerAlreadyExistsText: choose(
    (digest: string, repositoryName: string, registryId: string) =>
      `The layer with digest '${digest}' already exists in the repository with name '${repositoryName}' in registry with id '${registryId}'`,
    'by analogy with images',
    notRecorded,
  ),
  imageDigestDoesNotMatchText: choose(
    (given: string, actual: string) =>
      `The provided image digest '${given}' does not match the digest calculated for the image '${actual}'`,
    'by analogy with layers',
    notRecorded,
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
    'model: neither is marked as required',
    'an absent value is an empty one',
  ),
  registryPatchStatus: choose(
    201,
    'recorded of private, which has the same proxy',
    '202, as the OCI specification',
  ),
  registryRefusesBlobHeads: choose(
    true,
    'recorded: 401 to whoever may only pull',
    '200 or 404, as the OCI specification',
  ),
  registryTagsPage: choose(100, 'recorded of private', 'any other number'),
  registryInvalidTokenStatus: choose(400, 'recorded', '401, as clients expect and users ask for'),
  registryDeniedLoginStatus: choose(403, 'recorded of logins out of date', 'not recorded of wrong passwords'),
  registryDigestHeaderOnGet: choose(false, 'recorded: on HEAD alone', 'on both, as the OCI specification'),
  registryBadTagCode: choose('TAG_INVALID', 'status 400 is recorded of private', 'code not recorded'),
  registryUploadNotFoundCode: choose(
    'BLOB_UPLOAD_UNKNOWN',
    'OCI specification',
    'UNKNOWN, as one report of private has it',
  ),
  registryDeleteStatus: choose(202, 'private has it', '405: nothing is recorded of public'),
} as const satisfies Record<string, Choice<unknown>>;
