import type { ListShape, MapShape, StructureShape } from '../model.ts';

// Source: AWS service model 2015-09-21 of private ECR, as botocore 1.43.11 carries it; a conformance test compares.

/** Lists and structures of private ECR, except for inputs and outputs of operations. */
export const PRIVATE_STRUCTURES = {
  Annotations: { type: 'map', key: 'String', value: 'String' },
  ArtifactTypeList: { type: 'list', member: 'ArtifactType', min: 0, max: 5 },
  AuthorizationData: {
    type: 'structure',
    members: {
      authorizationToken: 'Base64',
      expiresAt: 'ExpirationTimestamp',
      proxyEndpoint: 'ProxyEndpoint',
    },
  },
  AuthorizationDataList: { type: 'list', member: 'AuthorizationData' },
  BatchedOperationLayerDigestList: { type: 'list', member: 'BatchedOperationLayerDigest', min: 1, max: 100 },
  DescribeImagesFilter: {
    type: 'structure',
    members: { tagStatus: 'TagStatus', imageStatus: 'ImageStatusFilter' },
  },
  EncryptionConfiguration: {
    type: 'structure',
    required: ['encryptionType'],
    members: { encryptionType: 'EncryptionType', kmsKey: 'KmsKey' },
  },
  FindingSeverityCounts: { type: 'map', key: 'FindingSeverity', value: 'SeverityCount' },
  GetAuthorizationTokenRegistryIdList: { type: 'list', member: 'RegistryId', min: 1, max: 10 },
  Image: {
    type: 'structure',
    members: {
      registryId: 'RegistryId',
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
      imageScanStatus: 'ImageScanStatus',
      imageScanFindingsSummary: 'ImageScanFindingsSummary',
      imageManifestMediaType: 'MediaType',
      artifactMediaType: 'MediaType',
      lastRecordedPullTime: 'RecordedPullTimestamp',
      subjectManifestDigest: 'ImageDigest',
      imageStatus: 'ImageStatus',
      lastArchivedAt: 'LastArchivedAtTimestamp',
      lastActivatedAt: 'LastActivatedAtTimestamp',
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
  ImageList: { type: 'list', member: 'Image' },
  ImageReferrer: {
    type: 'structure',
    required: ['digest', 'mediaType', 'size'],
    members: {
      digest: 'ImageDigest',
      mediaType: 'MediaType',
      artifactType: 'ArtifactType',
      size: 'ImageSizeInBytes',
      annotations: 'Annotations',
      artifactStatus: 'ArtifactStatus',
    },
  },
  ImageReferrerList: { type: 'list', member: 'ImageReferrer' },
  ImageScanFindingsSummary: {
    type: 'structure',
    members: {
      imageScanCompletedAt: 'ScanTimestamp',
      vulnerabilitySourceUpdatedAt: 'VulnerabilitySourceUpdateTimestamp',
      findingSeverityCounts: 'FindingSeverityCounts',
    },
  },
  ImageScanStatus: {
    type: 'structure',
    members: { status: 'ScanStatus', description: 'ScanStatusDescription' },
  },
  ImageScanningConfiguration: { type: 'structure', members: { scanOnPush: 'ScanOnPushFlag' } },
  ImageTagList: { type: 'list', member: 'ImageTag' },
  ImageTagMutabilityExclusionFilter: {
    type: 'structure',
    required: ['filterType', 'filter'],
    members: {
      filterType: 'ImageTagMutabilityExclusionFilterType',
      filter: 'ImageTagMutabilityExclusionFilterValue',
    },
  },
  ImageTagMutabilityExclusionFilters: {
    type: 'list',
    member: 'ImageTagMutabilityExclusionFilter',
    min: 1,
    max: 5,
  },
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
  ListImageReferrersFilter: {
    type: 'structure',
    members: { artifactTypes: 'ArtifactTypeList', artifactStatus: 'ArtifactStatusFilter' },
  },
  ListImagesFilter: {
    type: 'structure',
    members: { tagStatus: 'TagStatus', imageStatus: 'ImageStatusFilter' },
  },
  MediaTypeList: { type: 'list', member: 'MediaType', min: 1, max: 100 },
  Repository: {
    type: 'structure',
    members: {
      repositoryArn: 'Arn',
      registryId: 'RegistryId',
      repositoryName: 'RepositoryName',
      repositoryUri: 'Url',
      createdAt: 'CreationTimestamp',
      imageTagMutability: 'ImageTagMutability',
      imageTagMutabilityExclusionFilters: 'ImageTagMutabilityExclusionFilters',
      imageScanningConfiguration: 'ImageScanningConfiguration',
      encryptionConfiguration: 'EncryptionConfiguration',
    },
  },
  RepositoryList: { type: 'list', member: 'Repository' },
  RepositoryNameList: { type: 'list', member: 'RepositoryName', min: 1, max: 100 },
  SubjectIdentifier: {
    type: 'structure',
    required: ['imageDigest'],
    members: { imageDigest: 'ImageDigest' },
  },
  Tag: { type: 'structure', required: ['Key', 'Value'], members: { Key: 'TagKey', Value: 'TagValue' } },
  TagKeyList: { type: 'list', member: 'TagKey' },
  TagList: { type: 'list', member: 'Tag' },
} as const satisfies Record<string, ListShape | MapShape | StructureShape>;
