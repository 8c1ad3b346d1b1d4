import type { ExceptionName } from './exceptions.ts';
import type { Operation } from './model.ts';

// Source: AWS service model 2020-10-30 of ECR Public, as botocore 1.43.11 carries it; a conformance test compares.

/** Operations that upload blobs. */
export const LAYER_OPERATIONS = {
  BatchCheckLayerAvailability: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'layerDigests'],
      members: {
        registryId: 'RegistryIdOrAlias',
        repositoryName: 'RepositoryName',
        layerDigests: 'BatchedOperationLayerDigestList',
      },
    },
    output: { type: 'structure', members: { layers: 'LayerList', failures: 'LayerFailureList' } },
    exceptions: [
      'RepositoryNotFoundException',
      'InvalidParameterException',
      'ServerException',
      'RegistryNotFoundException',
      'UnsupportedCommandException',
    ],
  },
  InitiateLayerUpload: {
    input: {
      type: 'structure',
      required: ['repositoryName'],
      members: { registryId: 'RegistryIdOrAlias', repositoryName: 'RepositoryName' },
    },
    output: { type: 'structure', members: { uploadId: 'UploadId', partSize: 'PartSize' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'RegistryNotFoundException',
      'UnsupportedCommandException',
    ],
  },
  UploadLayerPart: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'uploadId', 'partFirstByte', 'partLastByte', 'layerPartBlob'],
      members: {
        registryId: 'RegistryIdOrAlias',
        repositoryName: 'RepositoryName',
        uploadId: 'UploadId',
        partFirstByte: 'PartSize',
        partLastByte: 'PartSize',
        layerPartBlob: 'LayerPartBlob',
      },
    },
    output: {
      type: 'structure',
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        uploadId: 'UploadId',
        lastByteReceived: 'PartSize',
      },
    },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'InvalidLayerPartException',
      'RepositoryNotFoundException',
      'UploadNotFoundException',
      'LimitExceededException',
      'RegistryNotFoundException',
      'UnsupportedCommandException',
    ],
  },
  CompleteLayerUpload: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'uploadId', 'layerDigests'],
      members: {
        registryId: 'RegistryIdOrAlias',
        repositoryName: 'RepositoryName',
        uploadId: 'UploadId',
        layerDigests: 'LayerDigestList',
      },
    },
    output: {
      type: 'structure',
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        uploadId: 'UploadId',
        layerDigest: 'LayerDigest',
      },
    },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'UploadNotFoundException',
      'InvalidLayerException',
      'LayerPartTooSmallException',
      'LayerAlreadyExistsException',
      'EmptyUploadException',
      'RegistryNotFoundException',
      'UnsupportedCommandException',
    ],
  },
} as const satisfies Record<string, Operation<ExceptionName>>;

/** Operations on manifests and their tags. */
export const IMAGE_OPERATIONS = {
  PutImage: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'imageManifest'],
      members: {
        registryId: 'RegistryIdOrAlias',
        repositoryName: 'RepositoryName',
        imageManifest: 'ImageManifest',
        imageManifestMediaType: 'MediaType',
        imageTag: 'ImageTag',
        imageDigest: 'ImageDigest',
      },
    },
    output: { type: 'structure', members: { image: 'Image' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'ImageAlreadyExistsException',
      'LayersNotFoundException',
      'ReferencedImagesNotFoundException',
      'LimitExceededException',
      'ImageTagAlreadyExistsException',
      'ImageDigestDoesNotMatchException',
      'RegistryNotFoundException',
      'UnsupportedCommandException',
    ],
  },
  DescribeImages: {
    input: {
      type: 'structure',
      required: ['repositoryName'],
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        imageIds: 'ImageIdentifierList',
        nextToken: 'NextToken',
        maxResults: 'MaxResults',
      },
    },
    output: { type: 'structure', members: { imageDetails: 'ImageDetailList', nextToken: 'NextToken' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'ImageNotFoundException',
      'UnsupportedCommandException',
    ],
  },
  DescribeImageTags: {
    input: {
      type: 'structure',
      required: ['repositoryName'],
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        nextToken: 'NextToken',
        maxResults: 'MaxResults',
      },
    },
    output: { type: 'structure', members: { imageTagDetails: 'ImageTagDetailList', nextToken: 'NextToken' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'UnsupportedCommandException',
    ],
  },
  BatchDeleteImage: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'imageIds'],
      members: {
        registryId: 'RegistryIdOrAlias',
        repositoryName: 'RepositoryName',
        imageIds: 'ImageIdentifierList',
      },
    },
    output: { type: 'structure', members: { imageIds: 'ImageIdentifierList', failures: 'ImageFailureList' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'UnsupportedCommandException',
    ],
  },
} as const satisfies Record<string, Operation<ExceptionName>>;
