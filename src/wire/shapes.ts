import type { ListShape, ScalarShape, StructureShape } from './model.ts';

// Source: AWS service model 2020-10-30 of ECR Public, as botocore 1.43.11 carries it; a conformance test compares.

/** Strings, numbers, flags, blobs and timestamps, by their names in the service model. */
const SCALARS = {
  AboutText: { type: 'string', max: 25600 },
  Architecture: { type: 'string', min: 1, max: 50 },
  Arn: { type: 'string', min: 1, max: 2048 },
  Base64: { type: 'string', pattern: '^\\S+$' },
  BatchedOperationLayerDigest: { type: 'string', min: 0, max: 1000 },
  CreationTimestamp: { type: 'timestamp' },
  DefaultRegistryAliasFlag: { type: 'boolean' },
  ExceptionMessage: { type: 'string' },
  ExpirationTimestamp: { type: 'timestamp' },
  ForceFlag: { type: 'boolean' },
  ImageDigest: { type: 'string' },
  ImageFailureCode: {
    type: 'string',
    enum: [
      'InvalidImageDigest',
      'InvalidImageTag',
      'ImageTagDoesNotMatchDigest',
      'ImageNotFound',
      'MissingDigestAndTag',
      'ImageReferencedByManifestList',
      'KmsError',
    ],
  },
  ImageFailureReason: { type: 'string' },
  ImageManifest: { type: 'string', min: 1, max: 4194304 },
  ImageSizeInBytes: { type: 'long' },
  ImageTag: { type: 'string', min: 1, max: 300 },
  LayerAvailability: { type: 'string', enum: ['AVAILABLE', 'UNAVAILABLE'] },
  LayerDigest: { type: 'string', pattern: '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+' },
  LayerFailureCode: { type: 'string', enum: ['InvalidLayerDigest', 'MissingLayerDigest'] },
  LayerFailureReason: { type: 'string' },
  LayerPartBlob: { type: 'blob', min: 0, max: 20971520 },
  LayerSizeInBytes: { type: 'long' },
  LogoImageBlob: { type: 'blob', min: 0, max: 512000 },
  MarketplaceCertified: { type: 'boolean' },
  MaxResults: { type: 'integer', min: 1, max: 1000 },
  MediaType: { type: 'string' },
  NextToken: { type: 'string' },
  OperatingSystem: { type: 'string', min: 1, max: 50 },
  PartSize: { type: 'long', min: 0 },
  PrimaryRegistryAliasFlag: { type: 'boolean' },
  PushTimestamp: { type: 'timestamp' },
  RegistryAliasName: { type: 'string', min: 2, max: 50, pattern: '[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*' },
  RegistryAliasStatus: { type: 'string', enum: ['ACTIVE', 'PENDING', 'REJECTED'] },
  RegistryDisplayName: { type: 'string', min: 0, max: 100 },
  RegistryId: { type: 'string', pattern: '[0-9]{12}' },
  RegistryIdOrAlias: { type: 'string', min: 2, max: 50 },
  RegistryVerified: { type: 'boolean' },
  RepositoryDescription: { type: 'string', max: 1024 },
  RepositoryName: {
    type: 'string',
    min: 2,
    max: 205,
    pattern: '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*',
  },
  RepositoryPolicyText: { type: 'string', min: 0, max: 10240 },
  ResourceUrl: { type: 'string', max: 2048 },
  TagKey: { type: 'string', min: 1, max: 128 },
  TagValue: { type: 'string', min: 0, max: 256 },
  UploadId: {
    type: 'string',
    pattern: '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}',
  },
  Url: { type: 'string' },
  UsageText: { type: 'string', max: 25600 },
} as const satisfies Record<string, ScalarShape>;

/** Lists and structures, except for inputs and outputs of operations, which `OPERATIONS` has. */
const STRUCTURES = {
  ArchitectureList: { type: 'list', member: 'Architecture', max: 50 },
  AuthorizationData: {
    type: 'structure',
    members: { authorizationToken: 'Base64', expiresAt: 'ExpirationTimestamp' },
  },
  BatchedOperationLayerDigestList: { type: 'list', member: 'BatchedOperationLayerDigest', min: 1, max: 100 },
  Image: {
    type: 'structure',
    members: {
      registryId: 'RegistryIdOrAlias',
      repositoryName: 'RepositoryName',
      imageId: 'ImageIdentifier',
      imageManifest: 'ImageManifest',
      imageManifestMediaType: 'MediaType',
    },
  },
  ImageDetail: {
    type: 'structure',
    members: {
      registryId: 'RegistryId',
      repositoryName: 'RepositoryName',
      imageDigest: 'ImageDigest',
      imageTags: 'ImageTagList',
      imageSizeInBytes: 'ImageSizeInBytes',
      imagePushedAt: 'PushTimestamp',
      imageManifestMediaType: 'MediaType',
      artifactMediaType: 'MediaType',
    },
  },
  ImageDetailList: { type: 'list', member: 'ImageDetail' },
  ImageFailure: {
    type: 'structure',
    members: {
      imageId: 'ImageIdentifier',
      failureCode: 'ImageFailureCode',
      failureReason: 'ImageFailureReason',
    },
  },
  ImageFailureList: { type: 'list', member: 'ImageFailure' },
  ImageIdentifier: { type: 'structure', members: { imageDigest: 'ImageDigest', imageTag: 'ImageTag' } },
  ImageIdentifierList: { type: 'list', member: 'ImageIdentifier', min: 1, max: 100 },
  ImageTagDetail: {
    type: 'structure',
    members: { imageTag: 'ImageTag', createdAt: 'CreationTimestamp', imageDetail: 'ReferencedImageDetail' },
  },
  ImageTagDetailList: { type: 'list', member: 'ImageTagDetail' },
  ImageTagList: { type: 'list', member: 'ImageTag' },
  Layer: {
    type: 'structure',
    members: {
      layerDigest: 'LayerDigest',
      layerAvailability: 'LayerAvailability',
      layerSize: 'LayerSizeInBytes',
      mediaType: 'MediaType',
    },
  },
  LayerDigestList: { type: 'list', member: 'LayerDigest', min: 1, max: 100 },
  LayerFailure: {
    type: 'structure',
    members: {
      layerDigest: 'BatchedOperationLayerDigest',
      failureCode: 'LayerFailureCode',
      failureReason: 'LayerFailureReason',
    },
  },
  LayerFailureList: { type: 'list', member: 'LayerFailure' },
  LayerList: { type: 'list', member: 'Layer' },
  OperatingSystemList: { type: 'list', member: 'OperatingSystem', max: 50 },
  ReferencedImageDetail: {
    type: 'structure',
    members: {
      imageDigest: 'ImageDigest',
      imageSizeInBytes: 'ImageSizeInBytes',
      imagePushedAt: 'PushTimestamp',
      imageManifestMediaType: 'MediaType',
      artifactMediaType: 'MediaType',
    },
  },
  Registry: {
    type: 'structure',
    required: ['registryId', 'registryArn', 'registryUri', 'verified', 'aliases'],
    members: {
      registryId: 'RegistryId',
      registryArn: 'Arn',
      registryUri: 'Url',
      verified: 'RegistryVerified',
      aliases: 'RegistryAliasList',
    },
  },
  RegistryAlias: {
    type: 'structure',
    required: ['name', 'status', 'primaryRegistryAlias', 'defaultRegistryAlias'],
    members: {
      name: 'RegistryAliasName',
      status: 'RegistryAliasStatus',
      primaryRegistryAlias: 'PrimaryRegistryAliasFlag',
      defaultRegistryAlias: 'DefaultRegistryAliasFlag',
    },
  },
  RegistryAliasList: { type: 'list', member: 'RegistryAlias' },
  RegistryCatalogData: { type: 'structure', members: { displayName: 'RegistryDisplayName' } },
  RegistryList: { type: 'list', member: 'Registry' },
  Repository: {
    type: 'structure',
    members: {
      repositoryArn: 'Arn',
      registryId: 'RegistryId',
      repositoryName: 'RepositoryName',
      repositoryUri: 'Url',
      createdAt: 'CreationTimestamp',
    },
  },
  RepositoryCatalogData: {
    type: 'structure',
    members: {
      description: 'RepositoryDescription',
      architectures: 'ArchitectureList',
      operatingSystems: 'OperatingSystemList',
      logoUrl: 'ResourceUrl',
      aboutText: 'AboutText',
      usageText: 'UsageText',
      marketplaceCertified: 'MarketplaceCertified',
    },
  },
  RepositoryCatalogDataInput: {
    type: 'structure',
    members: {
      description: 'RepositoryDescription',
      architectures: 'ArchitectureList',
      operatingSystems: 'OperatingSystemList',
      logoImageBlob: 'LogoImageBlob',
      aboutText: 'AboutText',
      usageText: 'UsageText',
    },
  },
  RepositoryList: { type: 'list', member: 'Repository' },
  RepositoryNameList: { type: 'list', member: 'RepositoryName', min: 1, max: 100 },
  Tag: { type: 'structure', members: { Key: 'TagKey', Value: 'TagValue' } },
  TagKeyList: { type: 'list', member: 'TagKey', min: 0, max: 200 },
  TagList: { type: 'list', member: 'Tag', min: 0, max: 200 },
} as const satisfies Record<string, ListShape | StructureShape>;

/** All shapes of the API, except for exceptions and the inputs and outputs of operations. */
export const SHAPES = { ...SCALARS, ...STRUCTURES } as const;

export type ShapeName = keyof typeof SHAPES;
