import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMON_EXCEPTIONS } from '../../src/wire/exceptions.ts';
import { OPERATIONS, type OperationName } from '../../src/wire/operations.ts';
import { callApi } from '../support/call-api.ts';
import { runCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { startWorkplace } from '../support/workplace.ts';

// Every exception that an operation declares, from the service to the message and the exit status.

const { home, emulator } = await startWorkplace();
const archive = join(import.meta.dirname, '..', '..', 'fixtures', 'archives', 'docker-20.10-one.tar');

beforeAll(async () => {
  await writeFile(
    join(home.directory, 'policy.json'),
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"ecr-public:PutImage"}}',
  );
});

/** A command that calls the operation. The repository exists, and has a resource tag. */
const commands: Readonly<Record<OperationName, (repository: string) => readonly string[]>> = {
  BatchCheckLayerAvailability: push,
  InitiateLayerUpload: push,
  UploadLayerPart: push,
  CompleteLayerUpload: push,
  PutImage: push,
  DescribeImages: (name) => ['image', 'list', name],
  DescribeImageTags: (name) => ['image', 'list', name, '--tags'],
  BatchDeleteImage: (name) => ['image', 'delete', `${name}:1`, '--yes'],
  CreateRepository: (name) => ['repo', 'create', `${name}-new`],
  DescribeRepositories: (name) => ['repo', 'describe', name],
  DeleteRepository: (name) => ['repo', 'delete', name, '--yes'],
  GetRepositoryCatalogData: (name) => ['catalog', 'get', name],
  PutRepositoryCatalogData: (name) => ['catalog', 'set', name, '--description', 'x'],
  SetRepositoryPolicy: (name) => ['policy', 'set', name, '--policy', 'policy.json'],
  GetRepositoryPolicy: (name) => ['policy', 'get', name],
  DeleteRepositoryPolicy: (name) => ['policy', 'delete', name],
  GetAuthorizationToken: () => ['token'],
  DescribeRegistries: () => ['registry', 'describe'],
  GetRegistryCatalogData: () => ['registry', 'describe'],
  PutRegistryCatalogData: (name) => ['registry', 'set', '--display-name', name],
  TagResource: (name) => ['resource-tag', 'add', name, 'a=b'],
  UntagResource: (name) => ['resource-tag', 'remove', name, 'key'],
  ListTagsForResource: (name) => ['resource-tag', 'list', name],
};

function push(name: string): readonly string[] {
  return ['push', archive, `${name}:1`];
}

/** What an exception means, whatever the operation. */
const codes: Readonly<Record<string, readonly [code: string, status: number]>> = {
  AccessDeniedException: ['AUTH', 4],
  ExpiredTokenException: ['AUTH', 4],
  IncompleteSignatureException: ['AUTH', 4],
  InvalidSignatureException: ['AUTH', 4],
  MissingAuthenticationTokenException: ['AUTH', 4],
  UnrecognizedClientException: ['AUTH', 4],
  RequestEntityTooLarge: ['LIMIT', 7],
  SerializationException: ['UNAVAILABLE', 8],
  ThrottlingException: ['UNAVAILABLE', 8],
  UnknownOperationException: ['UNAVAILABLE', 8],
  ServerException: ['UNAVAILABLE', 8],
  UnsupportedCommandException: ['UNAVAILABLE', 8],
  InvalidParameterException: ['INVALID_INPUT', 3],
  InvalidTagParameterException: ['INVALID_INPUT', 3],
  RepositoryNotFoundException: ['NOT_FOUND', 5],
  RegistryNotFoundException: ['NOT_FOUND', 5],
  ImageNotFoundException: ['NOT_FOUND', 5],
  RepositoryPolicyNotFoundException: ['NOT_FOUND', 5],
  RepositoryCatalogDataNotFoundException: ['NOT_FOUND', 5],
  RepositoryAlreadyExistsException: ['CONFLICT', 6],
  RepositoryNotEmptyException: ['CONFLICT', 6],
  ImageTagAlreadyExistsException: ['CONFLICT', 6],
  LimitExceededException: ['LIMIT', 7],
  TooManyTagsException: ['LIMIT', 7],
  ImageDigestDoesNotMatchException: ['INVALID_INPUT', 3],
  LayerPartTooSmallException: ['INVALID_INPUT', 3],
};

/**
 * A push answers these itself: it continues where the service is, or starts again. It has its own words when they come again and again.
 * The layer that "already exists" does not, so PutImage misses it.
 */
const answered: readonly string[] = [
  'UploadLayerPart InvalidLayerPartException',
  'UploadLayerPart UploadNotFoundException',
  'CompleteLayerUpload UploadNotFoundException',
  'CompleteLayerUpload EmptyUploadException',
  'CompleteLayerUpload InvalidLayerException',
  'CompleteLayerUpload LayerAlreadyExistsException',
  'PutImage LayersNotFoundException',
  'PutImage ReferencedImagesNotFoundException',
];

/** Exceptions that mean success: what was asked for is there already, or gone already. */
const successes: readonly string[] = [
  'PutImage ImageAlreadyExistsException',
  'DeleteRepositoryPolicy RepositoryPolicyNotFoundException',
];

const operations = Object.keys(OPERATIONS) as OperationName[]; // its own keys

/** Exceptions that are retried until the budget ends take seconds, so one operation is enough. */
const retried: readonly string[] = ['ServerException', 'ThrottlingException'];

const declared = operations.flatMap((operation) =>
  OPERATIONS[operation].exceptions.map((exception) => ({ operation, exception })),
);

/** The layer in front of the service is the same for all operations. One of each kind of command is enough. */
const inFront = (['UploadLayerPart', 'SetRepositoryPolicy', 'GetAuthorizationToken'] as const).flatMap(
  (operation) => COMMON_EXCEPTIONS.map((exception) => ({ operation, exception })),
);

const cases = [...declared, ...inFront].filter(
  ({ operation, exception }) => !retried.includes(exception) || operation === 'GetAuthorizationToken',
);

let count = 0;

async function run(operation: OperationName, exception: string) {
  count += 1;
  const name = `app${count}`;
  await callApi(emulator, 'CreateRepository', {
    repositoryName: name,
    tags: [{ Key: 'key', Value: 'value' }],
  });
  await setFaults(emulator, [`${operation} error ${exception}`]);
  const budget = retried.includes(exception) ? ['--retry-budget', '5s'] : [];
  const argv = [...commands[operation](name), '--json', '-q', ...budget];
  try {
    return await runCli(argv, { env: { ...home.env, ...emulator.env }, cwd: home.directory });
  } finally {
    await setFaults(emulator, []);
  }
}

describe('an exception of an operation', () => {
  it.each(cases)('$operation $exception', async ({ operation, exception }) => {
    const { status, json, stdout, stderr } = await run(operation, exception);
    if (successes.includes(`${operation} ${exception}`)) {
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      return;
    }
    const isAnswered = answered.includes(`${operation} ${exception}`);
    const [code, exitStatus] = isAnswered ? ['UNAVAILABLE', 8] : (codes[exception] ?? []);
    expect(json()).toMatchObject({
      error: {
        code,
        message: expect.stringMatching(/\w/),
        hint: expect.stringMatching(/^[A-Z'].*\.$/),
        ...(!isAnswered && { operation, awsError: exception }),
      },
      exitStatus,
    });
    expect(status).toBe(exitStatus);
    expect(stdout).not.toMatch(/\[object|undefined|\{\w+\}|\bat .*\.[jt]s:\d|SDK|@aws/);
  });
});
