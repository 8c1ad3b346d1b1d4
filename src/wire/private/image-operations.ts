import type { Operation } from '../model.ts';
import type { PrivateExceptionName } from './exceptions.ts';

// Source: AWS service model 2015-09-21 of private ECR, as botocore 1.43.11 carries it; a conformance test compares.

/** Operations on manifests and their tags. */
export const PRIVATE_IMAGE_OPERATIONS = {
  PutImage: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'imageManifest'],
      members: {
        registryId: 'RegistryId',
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
      'KmsException',
    ],
  },
  BatchGetImage: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'imageIds'],
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        imageIds: 'ImageIdentifierList',
        acceptedMediaTypes: 'MediaTypeList',
      },
    },
    output: { type: 'structure', members: { images: 'ImageList', failures: 'ImageFailureList' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'LimitExceededException',
      'UnableToGetUpstreamImageException',
    ],
  },
  ListImages: {
    input: {
      type: 'structure',
      required: ['repositoryName'],
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        nextToken: 'NextToken',
        maxResults: 'MaxResults',
        filter: 'ListImagesFilter',
      },
    },
    output: { type: 'structure', members: { imageIds: 'ImageIdentifierList', nextToken: 'NextToken' } },
    exceptions: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException'],
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
        filter: 'DescribeImagesFilter',
      },
    },
    output: { type: 'structure', members: { imageDetails: 'ImageDetailList', nextToken: 'NextToken' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'ImageNotFoundException',
    ],
  },
  BatchDeleteImage: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'imageIds'],
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        imageIds: 'ImageIdentifierList',
      },
    },
    output: { type: 'structure', members: { imageIds: 'ImageIdentifierList', failures: 'ImageFailureList' } },
    exceptions: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException'],
  },
  ListImageReferrers: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'subjectId'],
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        subjectId: 'SubjectIdentifier',
        filter: 'ListImageReferrersFilter',
        nextToken: 'NextToken',
        maxResults: 'FiftyMaxResults',
      },
    },
    output: { type: 'structure', members: { referrers: 'ImageReferrerList', nextToken: 'NextToken' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'ValidationException',
      'UnableToListUpstreamImageReferrersException',
    ],
  },
} as const satisfies Record<string, Operation<PrivateExceptionName>>;
