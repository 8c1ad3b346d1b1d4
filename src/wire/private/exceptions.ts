import type { Exception } from '../exceptions.ts';

// Source: AWS service model 2015-09-21 of private ECR, as botocore 1.43.11 carries it; a conformance test compares.

/** The exceptions that operations of private ECR declare, as far as `PRIVATE_OPERATIONS` has the operations. */
export const PRIVATE_EXCEPTIONS = {
  EmptyUploadException: { status: 400, members: { message: 'ExceptionMessage' } },
  ImageAlreadyExistsException: { status: 400, members: { message: 'ExceptionMessage' } },
  ImageDigestDoesNotMatchException: { status: 400, members: { message: 'ExceptionMessage' } },
  ImageNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
  ImageTagAlreadyExistsException: { status: 400, members: { message: 'ExceptionMessage' } },
  InvalidLayerException: { status: 400, members: { message: 'ExceptionMessage' } },
  InvalidLayerPartException: {
    status: 400,
    members: {
      registryId: 'RegistryId',
      repositoryName: 'RepositoryName',
      uploadId: 'UploadId',
      lastValidByteReceived: 'PartSize',
      message: 'ExceptionMessage',
    },
  },
  InvalidParameterException: { status: 400, members: { message: 'ExceptionMessage' } },
  InvalidTagParameterException: { status: 400, members: { message: 'ExceptionMessage' } },
  KmsException: { status: 400, members: { message: 'ExceptionMessage', kmsError: 'KmsError' } },
  LayerAlreadyExistsException: { status: 400, members: { message: 'ExceptionMessage' } },
  LayerInaccessibleException: { status: 400, members: { message: 'ExceptionMessage' } },
  LayerPartTooSmallException: { status: 400, members: { message: 'ExceptionMessage' } },
  LayersNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
  LifecyclePolicyNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
  LimitExceededException: { status: 400, members: { message: 'ExceptionMessage' } },
  ReferencedImagesNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
  RepositoryAlreadyExistsException: { status: 400, members: { message: 'ExceptionMessage' } },
  RepositoryNotEmptyException: { status: 400, members: { message: 'ExceptionMessage' } },
  RepositoryNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
  RepositoryPolicyNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
  ServerException: { status: 500, members: { message: 'ExceptionMessage' } },
  TemplateAlreadyExistsException: { status: 400, members: { message: 'ExceptionMessage' } },
  TemplateNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
  TooManyTagsException: { status: 400, members: { message: 'ExceptionMessage' } },
  UnableToGetUpstreamImageException: { status: 400, members: { message: 'ExceptionMessage' } },
  UnableToGetUpstreamLayerException: { status: 400, members: { message: 'ExceptionMessage' } },
  UnableToListUpstreamImageReferrersException: { status: 400, members: { message: 'ExceptionMessage' } },
  UploadNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
  ValidationException: { status: 400, members: { message: 'ExceptionMessage' } },
} as const satisfies Record<string, Exception>;

export type PrivateExceptionName = keyof typeof PRIVATE_EXCEPTIONS;
