import { LENGTH_UNIT, MAX_PART_BYTES, PART_BYTES } from '../wire/limits.ts';
import { choose, type EmulatorChoice } from './choice.ts';
import { REGISTRY_CHOICES } from './registry-choices.ts';
import { TEXT_CHOICES } from './text-choices.ts';

// Decisions where AWS's documents contradict each other or are silent. `text-choices.ts` has error texts, `registry-choices.ts` has `/v2/`.
// Sources: `model` is the AWS service model 2020-10-30, `quotas page` is "Amazon ECR Public service quotas", `private` is recorded from private ECR.

export const CHOICES = {
  ...TEXT_CHOICES,
  ...REGISTRY_CHOICES,

  commonErrorStatus: choose(
    400,
    'recorded from JSON services',
    '403 in newer lists of common errors; 404 for an unknown operation',
  ),
  signatureWindowMs: choose(15 * 60_000, 'text recorded from private', '5 minutes, as other JSON services'),
  orderOfChecks: choose(
    'announced body size, form of the signature, scope, key, clock; then, with the body: its size, signature, expiry of the key, operation, types, permission, constraints, the operation itself',
    'errors of scope and clock say more than a signature that does not match',
    'any other order',
  ),
  contentType: choose('ignored', 'clients send the right one', 'UnknownOperationException for others'),
  emptyBody: choose('an input without members', 'some clients send no body for it', 'SerializationException'),
  lengthOfText: choose(
    LENGTH_UNIT,
    'the model is written in Smithy, which counts Unicode scalar values',
    'UTF-16 code units, as Java services count',
  ),
  base64: choose(
    'standard alphabet, padded',
    'model: SDKs send this form',
    'everything that a lenient decoder takes',
  ),

  quotaBurst: choose(1, 'not documented: a burst of one second', 'any other number of seconds'),
  throttledBefore: choose(
    'permission and constraints',
    'quotas are counted before the operation runs',
    'refused requests do not count',
  ),
  pull: choose('GET of a manifest', 'not documented', 'each request, or each layer'),
  anonymousPulls: choose(
    'one quota for all clients',
    'clients of an emulator share an address',
    'one quota for each address, as on the quotas page',
  ),

  partBytes: choose(
    PART_BYTES,
    'sample of private; quotas page',
    'another size: none is published for ECR Public',
  ),
  maximumPartBytes: choose(MAX_PART_BYTES, 'model', '10 MiB, as on the quotas page'),
  partWithoutBytes: choose('InvalidLayerPartException', 'a layer without bytes cannot be pushed', 'accepted'),
  lastValidByteBeforeFirstPart: choose('left out', 'model: no number below 0', '0'),
  uploadAfterFailedComplete: choose('stays as it is', 'the call can be repeated', 'is discarded'),
  layerMediaTypeBeforeImage: choose(
    'left out',
    'no image has named one yet',
    'the type of a docker config, as recorded once',
  ),

  minimumLayersPerImage: choose(
    1,
    'recorded from private in 2020 (werf/werf#2544) and 2023 (aws/containers-roadmap#876)',
    "0, as in the image specification: no record is newer than ECR's support of OCI 1.1",
  ),
  nullList: choose(
    'an empty list, for layers and manifests',
    'Go writes an empty list as null: regctl image create',
    'Invalid JSON syntax',
  ),
  layersOfDeletedImage: choose(
    'are deleted with the last image of the repository that refers to them',
    'not recorded; private may clean up layers without an image at any time',
    'stay for some time, so that the next push need not send them',
  ),
  layersWithoutImage: choose(
    'a layer without an image is kept forever, an upload until there are 10,000 younger ones',
    'not recorded; a rehearsal is short',
    'layers may be cleaned up at any time, as in private, and uploads after a day',
  ),

  artifactsWithSubject: choose(
    'accepted' as 'accepted' | 'refused',
    'recorded from ECR Public: notation signs through the referrers API (aws-observability/aws-otel-python-instrumentation#837, July 2026)',
    'Invalid JSON syntax for an artifact type beside a subject, as reported from private (aws/containers-roadmap#2783, moby/buildkit#5747)',
  ),
  oddArtifactMembers: choose(
    'accepted' as 'accepted' | 'refused',
    'not recorded from ECR Public',
    'Invalid JSON syntax for a media type with a semicolon and for annotations of a config, as recorded from private (aws/containers-roadmap#2306, goharbor/acceleration-service#353)',
  ),
  missingSubject: choose('accepted', 'OCI distribution specification', 'ReferencedImagesNotFoundException'),
  foreignLayers: choose(
    'may be missing when they have urls',
    'docker does not push them',
    'LayersNotFoundException',
  ),
  tagOfUntagged: choose('null', 'the text of ImageNotFoundException', 'None, as in moto'),
  imagePushedAt: choose('the first push of the image', 'the name', 'the last time a tag was put on it'),
  imageSizeInBytes: choose(
    'config and layers',
    'model: an index counts as its largest manifest',
    'layers alone',
  ),
  imageOrder: choose('push order', 'not documented', 'any other'),
  deleteByTagAndDigest: choose(
    'as by tag, if both agree',
    'model: ImageTagDoesNotMatchDigest',
    'as by digest',
  ),

  repositoryArn: choose(
    'without a region',
    'recorded samples',
    'with a region, as in one sample of the user guide',
  ),
  repositoryUri: choose(
    'has the host by which the client reached the emulator',
    'so that clients can pull from it',
    'has public.ecr.aws, as in the service',
  ),
  aliasBeforeFirstRepository: choose(
    'exists from the start',
    'the emulator prints it at the start',
    'is assigned with the first repository',
  ),
  foreignRegistry: choose(
    'RepositoryNotFoundException for a missing repository, AccessDeniedException when its policy does not allow the call or no repository is named',
    'recorded from private across accounts; denials name the resource-based policy; only the push operations declare RegistryNotFoundException',
    'AccessDeniedException in all cases, which hides what exists',
  ),
  policyConditions: choose(
    'a statement with a condition is ignored',
    'most condition keys mean nothing in an emulator',
    'conditions are evaluated',
  ),
  absentCatalogData: choose('empty', "terraform's acceptance test", 'RepositoryCatalogDataNotFoundException'),
  catalogDataWithoutLogo: choose(
    'replaces everything but the logo',
    'terraform sends the whole object',
    'merges, or removes the logo',
  ),
  emptyLogo: choose(
    'removes the logo',
    'model: a logo may have 0 bytes; nodite/public.ecr.aws sends one like that',
    'InvalidParameterException, as for everything that is not a PNG',
  ),
  displayName: choose(
    'accepted from every account',
    'user guide',
    'only from verified accounts, as in the model',
  ),

  maximumRepositories: choose(10_000, 'quotas page', 'another number: it is adjustable'),
  maximumImagesPerRepository: choose(100_000, 'quotas page today', '10,000 in the user guide of 2021'),
  maximumLayersPerImage: choose(
    500,
    'measured on private in 2023 (spinframework/spin#1787) and 2026 (nuonco/nuon#2348)',
    '127, as once listed for private; 300 were refused in 2024 (openai/tart#890)',
  ),
  unknownLayer: choose(
    'UNAVAILABLE' as const,
    "AWS's own containerd resolver uploads only layers with this status",
    'a failure MissingLayerDigest, as in moto',
  ),
} as const satisfies Record<string, EmulatorChoice<unknown>>;
