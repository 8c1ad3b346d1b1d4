/** An exception of a service model. */
export interface Exception {
  /** Of the HTTP response. */
  readonly status: 400 | 500;
  readonly members: Readonly<Record<string, string>>;
}

/** The exceptions of the service model. Only `InvalidLayerPartException` has more than a message. */
export const EXCEPTIONS = {
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
  LayerAlreadyExistsException: { status: 400, members: { message: 'ExceptionMessage' } },
  LayerPartTooSmallException: { status: 400, members: { message: 'ExceptionMessage' } },
  LayersNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
  LimitExceededException: { status: 400, members: { message: 'ExceptionMessage' } },
  ReferencedImagesNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
  RegistryNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
  RepositoryAlreadyExistsException: { status: 400, members: { message: 'ExceptionMessage' } },
  RepositoryCatalogDataNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
  RepositoryNotEmptyException: { status: 400, members: { message: 'ExceptionMessage' } },
  RepositoryNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
  RepositoryPolicyNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
  ServerException: { status: 500, members: { message: 'ExceptionMessage' } },
  TooManyTagsException: { status: 400, members: { message: 'ExceptionMessage' } },
  UnsupportedCommandException: { status: 400, members: { message: 'ExceptionMessage' } },
  UploadNotFoundException: { status: 400, members: { message: 'ExceptionMessage' } },
} as const satisfies Record<string, Exception>;

export type ExceptionName = keyof typeof EXCEPTIONS;

/**
 * Exceptions of the layer in front of every AWS JSON service. No service model declares them. A client must tell them apart by name:
 * recorded samples have status 400 where newer "Common Errors" pages say 403.
 */
export const COMMON_EXCEPTIONS = [
  'AccessDeniedException',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'RequestEntityTooLarge',
  'SerializationException',
  'ThrottlingException',
  'UnknownOperationException',
  'UnrecognizedClientException',
] as const;

export type CommonExceptionName = (typeof COMMON_EXCEPTIONS)[number];
