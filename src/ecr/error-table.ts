import type { CommonExceptionName, ExceptionName } from '../wire/exceptions.ts';
import { ACCESS_DENIED } from './access-denied.ts';
import { CALLS_OF_PUSH, type ErrorRow } from './error-row.ts';
import { OUT_OF_TIME } from './failure.ts';

const RUN_AGAIN = 'Run it again: what is stored already is not sent again.';
const CHECK_PROXY = 'Run it again. If the error stays, check whether a proxy changes requests.';
const HIGHER_QUOTA = 'or ask for a higher quota: AWS console, Service Quotas, {quotas}.';

/** The exceptions of the service model of ECR Public, and those of the layer in front of the service. The first row of a name that holds applies. */
export const ERROR_TABLE = {
  // Permission and credentials.
  AccessDeniedException: ACCESS_DENIED,
  UnrecognizedClientException: [
    {
      code: 'AUTH',
      message: 'The credentials are not accepted: {message}',
      hint: 'Check AWS_ACCESS_KEY_ID, the profile or the role; --verbose says which was used.',
    },
  ],
  ExpiredTokenException: [
    {
      code: 'AUTH',
      message: 'The credentials have expired: {message}',
      hint: "Renew them ('aws sso login', or a new session token), then run it again.",
    },
  ],
  InvalidSignatureException: [
    {
      says: /valid region/i,
      code: 'AUTH',
      message: 'The signature is for another region: {message}',
      hint: '{regionHint}',
    },
    {
      says: OUT_OF_TIME,
      code: 'AUTH',
      message: "The clock of this machine differs too much from the service's: {message}",
      hint: 'Set the clock (15 minutes are tolerated), then run it again.',
    },
    {
      code: 'AUTH',
      message: 'The signature is not accepted: {message}',
      hint: 'Check that AWS_SECRET_ACCESS_KEY belongs to AWS_ACCESS_KEY_ID.',
    },
  ],
  MissingAuthenticationTokenException: [
    {
      code: 'AUTH',
      message: 'The request arrived without its signature: {message}',
      hint: 'Check whether a proxy removes the header Authorization.',
    },
  ],
  IncompleteSignatureException: [
    {
      code: 'AUTH',
      message: 'The request arrived without its whole signature: {message}',
      hint: 'Check whether a proxy changes the header Authorization, and AWS_SECRET_ACCESS_KEY for line breaks.',
    },
  ],

  // The service itself.
  ThrottlingException: [
    {
      code: 'UNAVAILABLE',
      message: '{operation} was throttled{attempts}: {message}',
      hint: 'Run it again later, or with a lower --concurrency: other clients of the account use up its rate.',
    },
  ],
  ServerException: [
    {
      code: 'UNAVAILABLE',
      message: '{operation} failed on the server{attempts}: {message}',
      hint: 'Run it again, or look for known trouble at https://health.aws.amazon.com/health/status.',
    },
  ],
  UnsupportedCommandException: [{ code: 'UNAVAILABLE', hint: '{regionHint}' }],
  UnknownOperationException: [
    {
      code: 'UNAVAILABLE',
      message: '{endpoint} does not know the operation {operation}: {message}',
      hint: 'Check --endpoint-url and {variable}: they must lead to {service}.',
    },
  ],
  SerializationException: [
    {
      code: 'UNAVAILABLE',
      message: '{endpoint} could not read the request {operation}: {message}',
      hint: CHECK_PROXY,
    },
  ],
  RequestEntityTooLarge: [
    {
      of: ['UploadLayerPart'],
      code: 'LIMIT',
      hint: 'Add --part-size 5: its requests are half as long.',
    },
    {
      code: 'LIMIT',
      hint: 'Make the request shorter: fewer tags, shorter texts, or a smaller logo.',
    },
  ],

  // Parameters.
  InvalidParameterException: [
    {
      of: ['PutImage'],
      says: /at least 1 layer/,
      code: 'INVALID_INPUT',
      hint: 'Build the image with at least one layer: after `FROM scratch`, with COPY or ADD.',
    },
    {
      of: ['PutImage'],
      says: /number of layers/,
      code: 'INVALID_INPUT',
      hint: 'Build the image with fewer layers: join RUN instructions, or build in several stages.',
    },
    {
      of: ['PutImage'],
      code: 'INVALID_INPUT',
      hint: 'Leave out what ECR may refuse (--attestations drop, --referrers drop), or build the image again.',
    },
    {
      of: ['PutLifecyclePolicy'],
      code: 'INVALID_INPUT',
      hint: 'Correct the policy: the user guide of ECR, "Lifecycle policy properties", says what it may hold.',
    },
    {
      of: ['SetRepositoryPolicy'],
      code: 'INVALID_INPUT',
      hint: 'Check that each principal exists; a new one takes a minute. A policy that locks you out needs --force.',
    },
    { code: 'INVALID_INPUT', hint: 'Change the value that the message names.' },
  ],
  InvalidTagParameterException: [
    {
      code: 'INVALID_INPUT',
      hint: 'Correct the resource tag: a key of 1 to 128 characters without the prefix aws:, a value of at most 256.',
    },
  ],

  // Repositories and the registry.
  RepositoryNotFoundException: [
    {
      of: CALLS_OF_PUSH,
      code: 'NOT_FOUND',
      hint: "Create it with 'ecrp repo create {repository}', or push with --create-repo.",
    },
    { code: 'NOT_FOUND', hint: "'{list}' shows the repositories that are there." },
  ],
  RepositoryAlreadyExistsException: [
    { code: 'CONFLICT', hint: 'Add --if-missing to accept a repository that exists.' },
  ],
  RepositoryNotEmptyException: [
    { code: 'CONFLICT', hint: 'Add --force to delete the repository with its images.' },
  ],
  RepositoryPolicyNotFoundException: [
    { code: 'NOT_FOUND', hint: "Set a policy: 'ecrp policy set {repository} --policy FILE'." },
  ],
  RepositoryCatalogDataNotFoundException: [
    { code: 'NOT_FOUND', hint: "Set catalog data: 'ecrp catalog set {repository} --catalog FILE'." },
  ],
  RegistryNotFoundException: [
    {
      code: 'NOT_FOUND',
      hint: "Check the registry alias in the reference. 'ecrp registry describe' shows your own.",
    },
  ],

  // Limits.
  LimitExceededException: [
    {
      of: ['CreateRepository'],
      code: 'LIMIT',
      hint: `Delete repositories that nobody needs ('ecrp repo delete'), ${HIGHER_QUOTA}`,
    },
    {
      of: ['UploadLayerPart'],
      code: 'LIMIT',
      hint: 'Leave out --part-size: a layer has at most {parts} parts. Beyond {layer}, divide the layer.',
    },
    {
      of: ['PutImage'],
      says: /tags per image/,
      code: 'LIMIT',
      hint: "Remove tags that nobody needs: 'ecrp image untag {repository}:TAG'.",
    },
    {
      code: 'LIMIT',
      hint: `Delete images that nobody needs ('ecrp image prune {repository}'), ${HIGHER_QUOTA}`,
    },
  ],
  TooManyTagsException: [
    {
      code: 'LIMIT',
      hint: 'Give fewer resource tags, or remove some: a repository has 50 at most.',
    },
  ],

  // Images.
  ImageNotFoundException: [{ code: 'NOT_FOUND', hint: 'Check the tag or digest in the reference.' }],
  ImageAlreadyExistsException: [
    { code: 'CONFLICT', hint: 'Nothing is to be done: the image has this tag already.' },
  ],
  // ECR Public has it in its model, though no repository there is known to guard its tags.
  ImageTagAlreadyExistsException: [
    {
      code: 'CONFLICT',
      hint: "Push it under another tag, or remove the tag first: 'ecrp image untag {repository}:TAG'.",
    },
  ],
  ImageDigestDoesNotMatchException: [{ code: 'INVALID_INPUT', hint: CHECK_PROXY }],
  LayersNotFoundException: [{ code: 'UNAVAILABLE', hint: RUN_AGAIN }],
  ReferencedImagesNotFoundException: [{ code: 'UNAVAILABLE', hint: RUN_AGAIN }],

  // Layer uploads. A push answers most of them itself.
  UploadNotFoundException: [{ code: 'UNAVAILABLE', hint: RUN_AGAIN }],
  InvalidLayerPartException: [{ code: 'UNAVAILABLE', hint: RUN_AGAIN }],
  LayerAlreadyExistsException: [{ code: 'CONFLICT', hint: RUN_AGAIN }],
  InvalidLayerException: [{ code: 'INVALID_INPUT', hint: CHECK_PROXY }],
  LayerPartTooSmallException: [{ code: 'INVALID_INPUT', hint: CHECK_PROXY }],
  EmptyUploadException: [{ code: 'INVALID_INPUT', hint: CHECK_PROXY }],
} as const satisfies Record<ExceptionName | CommonExceptionName, readonly ErrorRow[]>;
