import { choose, type EmulatorChoice } from '../choice.ts';

const notRecorded = 'text not recorded';

/** Decisions about private ECR where AWS's documents contradict each other or are silent. `CHOICES` has those about both services. */
export const PRIVATE_CHOICES = {
  repositoryHost: choose(
    'the host by which the client reached the emulator, or ACCOUNT.dkr.ecr.REGION.localhost for other accounts',
    'so that clients can pull from it',
    'ACCOUNT.dkr.ecr.REGION.amazonaws.com, as in the service',
  ),
  strayFiltersReason: choose(
    (mutability: string) =>
      `ImageTagMutabilityExclusionFilters must be null when imageTagMutability is set as ${mutability}`,
    'the opposite case is recorded: aws/aws-cdk#35246',
    'the filters are stored with the kind WITH_EXCLUSION',
  ),
  maximumWildcards: choose(
    2,
    'terraform checks that a filter has at most two (hashicorp/terraform-provider-aws#43642)',
    'any number: the model does not limit it',
  ),
  tooManyWildcardsReason: choose('Filter can have at most 2 wildcards', 'not recorded', notRecorded),
  repeatedImmutableTag: choose(
    'ImageAlreadyExistsException' as 'ImageAlreadyExistsException' | 'ImageTagAlreadyExistsException',
    "AWS's answer in aws/aws-sdk#750 for an unchanged image",
    'ImageTagAlreadyExistsException, as reported in aws/containers-roadmap#2179',
  ),
  keyWithoutKms: choose(
    'A KMS key needs the encryption type KMS or KMS_DSSE',
    'model: kmsKey is for KMS encryption',
    notRecorded,
  ),
  ownKmsKey: choose(
    (partition: string, region: string, account: string) =>
      `arn:${partition}:kms:${region}:${account}:key/00000000-0000-4000-8000-${account}`,
    'model: without a key, the AWS managed key of ECR is used, which is shown by its ARN',
    'left out of answers',
  ),
  filterWithImageIds: choose(
    'Member must be null when image ids are given',
    'by analogy with paging',
    'the filter is ignored',
  ),
  imageStatusFilter: choose('ANY', 'user guide: lists show archived images', 'ACTIVE, as for referrers'),
  acceptedMediaTypes: choose(
    'ignored: a manifest is answered as it was pushed',
    'an engineer of ECR: by digest nothing is converted (aws/containers-roadmap#1075)',
    'by tag, a manifest of another type is converted',
  ),
  maximumManifestBytes: choose(
    64 * 1024 * 1024,
    'the model declares LimitExceededException, and an answer must fit into memory',
    'no limit',
  ),
  tooManyManifestBytesText: choose(
    (maximum: number) =>
      `The manifests of the images exceed the maximum allowed size which is '${maximum}' bytes`,
    'by analogy with other limits',
    notRecorded,
  ),
  layerNotReferencedText: choose(
    (digest: string, repositoryName: string, registryId: string) =>
      `The layer with digest '${digest}' in the repository with name '${repositoryName}' in the registry with id '${registryId}' is not accessible because no image references it`,
    'model: only layers that an image references can be downloaded',
    notRecorded,
  ),
  templateExistsText: choose(
    (prefix: string, registryId: string) =>
      `The repository creation template with prefix '${prefix}' already exists in the registry with id '${registryId}'`,
    'by analogy with repositories',
    notRecorded,
  ),
  templateNotFoundText: choose(
    (prefix: string, registryId: string) =>
      `The repository creation template with prefix '${prefix}' does not exist in the registry with id '${registryId}'`,
    'by analogy with repositories',
    notRecorded,
  ),
  templateNeedsRoleText: choose(
    'A custom role is needed for resource tags and KMS encryption',
    'user guide: such a template needs customRoleArn',
    notRecorded,
  ),
  maximumTemplates: choose(50, 'by analogy with rules of pull-through caches', 'any number: not listed'),
  tooManyTemplatesText: choose(
    (registryId: string, maximum: number) =>
      `The registry with id '${registryId}' already has the maximum allowed number of repository creation templates which is '${maximum}'`,
    'by analogy with repositories',
    notRecorded,
  ),
  createOnPush: choose(
    'InitiateLayerUpload and PutImage create a missing repository by the template with the longest matching prefix, if the caller may create it',
    'announced in December 2025; how it looks is not recorded',
    'other calls create it, and the caller needs no permission',
  ),
  downloadValidSeconds: choose(3600, 'recorded: X-Amz-Expires=3600', 'any other time'),
  foreignTokens: choose(
    'every registry id gets a token, which is good for the registries that the caller may use',
    'model: registryIds is deprecated, and the token is not limited to them',
    'AccessDeniedException for an unknown account',
  ),
  accountSettings: choose(
    {
      BASIC_SCAN_TYPE_VERSION: ['AWS_NATIVE'],
      BLOB_MOUNTING: ['DISABLED', 'ENABLED'],
      REGISTRY_POLICY_SCOPE: ['V2', 'V1'],
    } as Readonly<Record<string, readonly string[]>>,
    'model for names and values; the first value is that of a new account',
    'V1 is no longer accepted, as the model text of one operation has it',
  ),
  unknownSettingText: choose(
    (member: string, values: readonly string[]) =>
      `Invalid account setting: '${member}' must be one of [${values.join(', ')}]`,
    'model: only operations on settings and the like declare ValidationException',
    'InvalidParameterException, as for other members',
  ),
} as const satisfies Record<string, EmulatorChoice<unknown>>;
