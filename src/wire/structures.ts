import type { ListShape, StructureShape } from './shape.ts';

// Source: AWS service model 2020-10-30 of ECR Public, as botocore 1.43.11 carries it; a conformance test compares.

/** Lists and structures of the API, those of operations' own input and output excepted (`OPERATIONS` has these). */
export const STRUCTURES = {
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
