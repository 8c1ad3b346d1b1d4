import { choose, type EmulatorChoice } from '../choice.ts';

/** Decisions about `/v2/` of private ECR. `REGISTRY_CHOICES` has those that apply to both services. */
export const PRIVATE_REGISTRY_CHOICES = {
  expiredTokenStatus: choose(
    403,
    'recorded as JSON without a challenge in 2024 (flipt-io/flipt#3043)',
    'plain text of 2016 (awslabs/amazon-ecr-credential-helper#7), or 401 with a challenge',
  ),
  garbledToken: choose(
    'the answer to a request without credentials',
    'clients log in again on 401',
    "400 'Your Authorization Token is invalid.', as recorded from ECR Public",
  ),
  bearer: choose(
    'refused, as a request without credentials',
    'the challenge is Basic, and there is no token endpoint (bazel-contrib/rules_img)',
    'the authorization token is accepted, as in ECR Public',
  ),
  missingLayers: choose(
    [404, 'BLOB_UPLOAD_UNKNOWN'] as const,
    'the code is recorded (oras-project/oras-py#54), the status is not',
    'status 400',
  ),
  wrongDigest: choose(
    [400, 'MANIFEST_INVALID'] as const,
    'the code is recorded (google/go-containerregistry#1568), the status is not',
    'another status',
  ),
  keyTrouble: choose(
    [403, 'DENIED'] as const,
    'not recorded: a key that is disabled or forbidden lets nobody in',
    'status 500, or 400',
  ),
  listLink: choose(
    'a whole address with an opaque `last`, and `n` if the request has it',
    'recorded (deitch/docker_registry2#34)',
    '`n` always',
  ),
  ownLast: choose(
    'refused',
    'recorded (CodesWhat/drydock#927)',
    'a tag of the list is accepted, as in the OCI specification',
  ),
  wholeBlobPost: choose(
    'starts an ordinary upload',
    'not recorded: clients continue the upload',
    '201, as in the OCI specification',
  ),
  refusedMount: choose(
    'starts an ordinary upload',
    'recorded (aws/containers-roadmap#2860)',
    '403 where the caller may not download from the source',
  ),
  uploadProgress: choose(
    'GET of an upload answers',
    'not recorded',
    '404, as recorded from ECR Public once (dotnet/sdk#33019)',
  ),
  permissions: choose(
    'a manifest needs BatchGetImage, a blob GetDownloadUrlForLayer, HEAD of a blob BatchCheckLayerAvailability, the list of tags ListImages, referrers BatchGetImage, _catalog DescribeRepositories',
    'user guide for pulls; model for referrers; the rest by analogy',
    'other actions',
  ),
} as const satisfies Record<string, EmulatorChoice<unknown>>;
