import { EcrpError, type ErrorCode } from '../errors.ts';
import { describeAttempts, explainConnection, isConnectionFailure } from './explain-connection.ts';
import { type Failure, isOfClock } from './failure.ts';

/** The call that an error is about. */
export interface CallSubject {
  readonly operation: string;
  /** For messages about the connection. */
  readonly endpoint: string;
  readonly attempts: number;
  readonly repositoryName?: string | undefined;
}

/** Content of an error. Without a message, it is the service's own. */
interface Explanation {
  readonly code: ErrorCode;
  readonly message?: string;
  readonly hint?: string | undefined;
}

/** Makes the error for the user out of the last failure of a call. */
export function explainFailure(failure: Failure, subject: CallSubject): EcrpError {
  const { code, message, hint } = explain(failure, subject);
  return new EcrpError(code, message ?? failure.message, {
    hint: code === 'UNAVAILABLE' ? addWait(hint, failure.retryAfterMs) : hint,
    operation: subject.operation,
    awsError: failure.fromService ? failure.name : undefined,
    requestId: failure.requestId,
    cause: failure.cause,
  });
}

/** Adds the wait that the service asks for. It may be longer than the retry budget: then it is why the call was not retried. */
function addWait(hint: string | undefined, retryAfterMs = 0): string | undefined {
  const seconds = Math.ceil(retryAfterMs / 1000);
  return seconds > 0 ? `${hint ?? 'Run it again.'} The service asks for ${seconds} s until then.` : hint;
}

function explain(failure: Failure, subject: CallSubject): Explanation {
  if (failure.fromService) {
    return explainException(failure, subject);
  }
  if (failure.proxy !== undefined) {
    const { message, hint } = failure.proxy;
    return {
      code: 'UNAVAILABLE',
      message: `${subject.operation}: ${message}${describeAttempts(subject.attempts)}`,
      hint,
    };
  }
  if (failure.status !== undefined) {
    return { code: 'UNAVAILABLE', ...explainForeignAnswer(failure, failure.status, subject) };
  }
  if (isConnectionFailure(failure)) {
    return { code: 'UNAVAILABLE', ...explainConnection(failure, subject) };
  }
  return { code: 'INTERNAL', message: `${subject.operation}: ${failure.name}: ${failure.message}` };
}

/** Explains an answer that ECR Public does not send. */
function explainForeignAnswer(
  { name, message }: Failure,
  status: number,
  { operation, endpoint }: CallSubject,
): { readonly message: string; readonly hint: string } {
  const problem = name === 'UnexpectedAnswer' ? ` ${message}` : '';
  return {
    message: `${operation}: ${endpoint} returned HTTP ${status}${problem}; this does not look like ECR Public`,
    hint: 'Sign in where the network asks for it (captive portal), check the proxy, and check --endpoint-url if you gave it.',
  };
}

/** Explains an exception of the service. */
function explainException(failure: Failure, subject: CallSubject): Explanation {
  const explained = Object.hasOwn(exceptions, failure.name) ? exceptions[failure.name] : undefined;
  if (explained !== undefined) return explained(failure, subject);
  const unavailable = failure.status !== undefined && failure.status >= 500;
  return {
    code: unavailable ? 'UNAVAILABLE' : (statusCodes[failure.status ?? 400] ?? 'INVALID_INPUT'),
    message: `${subject.operation}: ${failure.name}${describeAttempts(subject.attempts)}: ${failure.message}`,
    hint: unavailable
      ? 'Run it again.'
      : 'Change what the message of the service names: ecrp does not know this exception.',
  };
}

/** Codes of exceptions that no model has, by the status of the answer. */
const statusCodes: Readonly<Record<number, ErrorCode>> = {
  401: 'AUTH',
  403: 'AUTH',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'LIMIT',
  429: 'UNAVAILABLE',
};

type Explain = (failure: Failure, subject: CallSubject) => Explanation;

const explainDenial: Explain = (failure, subject) => {
  const action = /[a-z0-9-]+:[A-Z][A-Za-z]+/.exec(failure.message)?.[0] ?? `ecr-public:${subject.operation}`;
  return { code: 'AUTH', hint: `Allow the IAM action ${action} for these credentials, then run it again.` };
};

const explainKey: Explain = (failure) => ({
  code: 'AUTH',
  message: `The credentials are not accepted: ${failure.message}`,
  hint: 'Check AWS_ACCESS_KEY_ID, the profile or the role; --verbose says which was used.',
});

const explainSignature: Explain = (failure) => {
  if (/valid region/i.test(failure.message)) {
    return {
      code: 'AUTH',
      message: `The signature is for another region: ${failure.message.trim()}`,
      hint: 'ECR Public answers everything in us-east-1 only: leave out --region.',
    };
  }
  return explainClockOrKey(failure);
};

function explainClockOrKey(failure: Failure): Explanation {
  return isOfClock(failure.name, failure.message)
    ? {
        code: 'AUTH',
        message: `The clock of this machine differs too much from the service's: ${failure.message}`,
        hint: 'Set the clock (15 minutes are tolerated), then run it again.',
      }
    : {
        code: 'AUTH',
        message: `The signature is not accepted: ${failure.message}`,
        hint: 'Check that AWS_SECRET_ACCESS_KEY belongs to AWS_ACCESS_KEY_ID.',
      };
}

const explainExpiry: Explain = (failure) => ({
  code: 'AUTH',
  message: `The credentials have expired: ${failure.message}`,
  hint: "Renew them ('aws sso login', or a new session token), then run it again.",
});

const explainThrottling: Explain = (failure, subject) => ({
  code: 'UNAVAILABLE',
  message: `${subject.operation} was throttled${describeAttempts(subject.attempts)}: ${failure.message}`,
  hint: 'Run it again later, or with a lower --concurrency: other clients of the account use up its rate.',
});

const explainServer: Explain = (failure, subject) => ({
  code: 'UNAVAILABLE',
  message: `${subject.operation} failed on the server${describeAttempts(subject.attempts)}: ${failure.message}`,
  hint: 'Run it again, or look for known trouble at https://health.aws.amazon.com/health/status.',
});

/** Operations on what is there. Creating the repository would not help them. */
const OF_REPOSITORIES =
  /^(DescribeRepositories|DeleteRepository|(Get|Set|Delete)RepositoryPolicy|DescribeImages|DescribeImageTags|BatchDeleteImage)$/;

const explainRepository: Explain = (_failure, { operation, repositoryName }) => ({
  code: 'NOT_FOUND',
  hint: OF_REPOSITORIES.test(operation)
    ? "'ecrp repo list' shows the repositories that are there."
    : `Create it with 'ecrp repo create ${repositoryName ?? 'NAME'}', or push with --create-repo.`,
});

const inputIsBad =
  (hint: string): Explain =>
  () => ({ code: 'INVALID_INPUT', hint });

/** The message names the member and its rule, in the terms of the API. */
const explainParameter: Explain = ({ message }, { operation }) => ({
  code: 'INVALID_INPUT',
  hint: adviseOnParameter(message, operation),
});

function adviseOnParameter(message: string, operation: string): string {
  if (operation === 'SetRepositoryPolicy') {
    return 'Check that each principal exists; a new one takes a minute. A policy that locks you out needs --force.';
  }
  if (operation !== 'PutImage') return 'Change the value that the message names.';
  return /at least 1 layer/.test(message)
    ? 'Build the image with at least one layer: after `FROM scratch`, with COPY or ADD.'
    : 'ECR Public does not take this manifest: build the image again, or push it with other options.';
}

const AGAIN_FROM_START = 'Run it again. If the error stays, check whether a proxy changes requests.';
const explainLength: Explain = () => ({
  code: 'LIMIT',
  hint: 'Add --part-size 5: its requests are half as long.',
});
const limitIsReached: Explain = () => ({
  code: 'LIMIT',
  hint: 'Delete what is not needed, or ask for a higher quota: AWS console, Service Quotas, ECR Public.',
});

const exceptions: Readonly<Record<string, Explain>> = {
  AccessDeniedException: explainDenial,
  AccessDenied: explainDenial,
  UnrecognizedClientException: explainKey,
  InvalidClientTokenId: explainKey,
  MissingAuthenticationTokenException: explainKey,
  IncompleteSignatureException: explainKey,
  InvalidSignatureException: explainSignature,
  SignatureDoesNotMatch: explainSignature,
  ExpiredTokenException: explainExpiry,
  ExpiredToken: explainExpiry,
  RequestExpired: explainExpiry,
  ThrottlingException: explainThrottling,
  TooManyRequestsException: explainThrottling,
  ServerException: explainServer,
  RepositoryNotFoundException: explainRepository,
  RegistryNotFoundException: () => ({
    code: 'NOT_FOUND',
    hint: "Check the registry alias in the reference. 'ecrp repo list' shows your own in the URIs.",
  }),
  ImageNotFoundException: () => ({ code: 'NOT_FOUND', hint: 'Check the tag or digest in the reference.' }),
  RepositoryPolicyNotFoundException: () => ({
    code: 'NOT_FOUND',
    hint: 'The repository has no policy: set one.',
  }),
  RepositoryCatalogDataNotFoundException: (_failure, { repositoryName = 'NAME' }) => ({
    code: 'NOT_FOUND',
    hint: `Set it with 'ecrp catalog set ${repositoryName} --catalog FILE'.`,
  }),
  RepositoryAlreadyExistsException: () => ({
    code: 'CONFLICT',
    hint: 'Add --if-missing to accept a repository that exists.',
  }),
  RepositoryNotEmptyException: () => ({
    code: 'CONFLICT',
    hint: 'Add --force to delete the repository with its images.',
  }),
  LimitExceededException: limitIsReached,
  TooManyTagsException: limitIsReached,
  RequestEntityTooLarge: explainLength,
  RequestEntityTooLargeException: explainLength,
  // It is in the model, though no repository of ECR Public is known to guard its tags.
  ImageTagAlreadyExistsException: () => ({ code: 'CONFLICT', hint: 'Push it under another tag.' }),
  InvalidParameterException: explainParameter,
  InvalidTagParameterException: inputIsBad(
    'Correct the resource tag: a key has 1 to 128 characters, a value at most 256.',
  ),
  InvalidLayerException: inputIsBad(AGAIN_FROM_START),
  LayerPartTooSmallException: inputIsBad(AGAIN_FROM_START),
  EmptyUploadException: inputIsBad(AGAIN_FROM_START),
  ImageDigestDoesNotMatchException: inputIsBad(AGAIN_FROM_START),
  UnsupportedCommandException: () => ({
    code: 'UNAVAILABLE',
    hint: 'ECR Public answers everything in us-east-1 only: leave out --region.',
  }),
};
