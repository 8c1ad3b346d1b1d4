import type { Operation } from '../model.ts';
import type { PrivateExceptionName } from './exceptions.ts';

// Source: AWS service model 2015-09-21 of private ECR, as botocore 1.43.11 carries it; a conformance test compares.

/** Operations that upload and download blobs. */
export const PRIVATE_LAYER_OPERATIONS = {
  BatchCheckLayerAvailability: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'layerDigests'],
      members: {
        registryId: 'RegistryId',
        repositoryName: 'RepositoryName',
        layerDigests: 'BatchedOperationLayerDigestList',
      },
    },
    output: { type: 'structure', members: { layers: 'LayerList', failures: 'LayerFailureList' } },
    exceptions: ['RepositoryNotFoundException', 'InvalidParameterException', 'ServerException'],
  },
  InitiateLayerUpload: {
    input: {
      type: 'structure',
      required: ['repositoryName'],
      members: { registryId: 'RegistryId', repositoryName: 'RepositoryName' },
    },
    output: { type: 'structure', members: { uploadId: 'UploadId', partSize: 'PartSize' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'KmsException',
    ],
  },
  UploadLayerPart: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'uploadId', 'partFirstByte', 'partLastByte', 'layerPartBlob'],
      members: {
        registryId: 'RegistryId',
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
      'KmsException',
    ],
  },
  CompleteLayerUpload: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'uploadId', 'layerDigests'],
      members: {
        registryId: 'RegistryId',
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
      'KmsException',
    ],
  },
  GetDownloadUrlForLayer: {
    input: {
      type: 'structure',
      required: ['repositoryName', 'layerDigest'],
      members: { registryId: 'RegistryId', repositoryName: 'RepositoryName', layerDigest: 'LayerDigest' },
    },
    output: { type: 'structure', members: { downloadUrl: 'Url', layerDigest: 'LayerDigest' } },
    exceptions: [
      'ServerException',
      'InvalidParameterException',
      'LayersNotFoundException',
      'LayerInaccessibleException',
      'RepositoryNotFoundException',
      'UnableToGetUpstreamLayerException',
    ],
  },
} as const satisfies Record<string, Operation<PrivateExceptionName>>;
