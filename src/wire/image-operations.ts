import type { Operation } from './operation.ts';

// Source: AWS service model 2020-10-30 of ECR Public, as botocore 1.43.11 carries it; a conformance test compares.

/** Manifests and their tags. */
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
} as const satisfies Record<string, Operation>;
