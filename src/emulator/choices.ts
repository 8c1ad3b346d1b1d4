import { LENGTH_UNIT, MAX_PART_BYTES, PART_BYTES } from '../wire/limits.ts';
import { type Choice, choose } from './choice.ts';
import { REGISTRY_CHOICES } from './registry-choices.ts';
import { TEXT_CHOICES } from './text-choices.ts';

// Where AWS's documents contradict each other or are silent: what the emulator does, on what ground, and what else it could be. What errors say is
// in `text-choices.ts`, `/v2/` in `registry-choices.ts`.
// `model`: AWS service model 2020-10-30. `quotas page`: "Amazon ECR Public service quotas". `private`: recorded of Amazon ECR private.

export const CHOICES = {
  ...TEXT_CHOICES,
  ...REGISTRY_CHOICES,

  commonErrorStatus: choose(
    400,
    'recorded of JSON services',
    '403 in newer lists of common errors; 404 for an unknown operation',
  ),
  signatureWindowMs: choose(15 * 60_000, 'text recorded of private', '5 minutes, as other JSON services'),
  orderOfChecks: choose(
    'announced size of the body, form of the signature, scope, key, clock, then what the body tells: its size, signature, expiry of the key, operation, types, permission, constraints, the operation itself',
    'scope and clock tell more than a signature that does not match',
    'any other order',
  ),
  contentType: choose('not looked at', 'clients send the right one', 'UnknownOperationException for others'),
  emptyBody: choose('an input without members', 'some clients send nothing for it', 'SerializationException'),
  lengthOfText: choose(
    LENGTH_UNIT,
    'Smithy, in which the model is written, counts Unicode scalar values',
    'UTF-16 code units, as services in Java count',
  ),
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

  minimumLayersPerImage: choose(
    1,
    'recorded of private in 2020 (werf/werf#2544) and 2023 (aws/containers-roadmap#876)',
    '0: image specification; nobody has recorded it since ECR took OCI 1.1',
  ),
  nullList: choose(
    'an empty list, of layers and of manifests',
    'how Go writes one: regctl image create',
    'Invalid JSON syntax',
  ),
  layersOfDeletedImage: choose(
    'go with the last image of the repository that refers to them',
    'nothing is recorded; private says that layers without an image may be cleaned up at any time',
    'stay for some time, so that a push that follows need not send them',
  ),
  layersWithoutImage: choose(
    'a layer that no image has referred to yet stays for good, and so does an upload until there are 10,000 younger ones',
    'nothing is recorded, and a rehearsal does not last',
    'cleaned up at any time, as private says; uploads after a day',
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
    'at the host by which the client reached the emulator',
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
} as const satisfies Record<string, Choice<unknown>>;
