import { describe, expect, it } from 'vitest';
import type { ErrorRow } from '../../../src/ecr/error-row.ts';
import { ERROR_TABLE } from '../../../src/ecr/error-table.ts';
import { explainFailure, OTHER_NAMES } from '../../../src/ecr/errors.ts';
import { classifyFailure, describeFailure } from '../../../src/ecr/failure.ts';
import { PRIVATE_ERROR_TABLE } from '../../../src/ecr/private/error-table.ts';
import { COMMON_EXCEPTIONS } from '../../../src/wire/exceptions.ts';
import { OPERATIONS } from '../../../src/wire/operations.ts';

/** The error of an operation that the service refused with an exception. */
function explain(name: string, operation: string, message = 'refused', status = 400, others: object = {}) {
  const error = Object.assign(new Error(message), {
    name,
    $fault: 'client',
    $metadata: { httpStatusCode: status },
  });
  const subject = { operation, endpoint: 'https://ecr.test', attempts: 1, repositoryName: 'app', ...others };
  return explainFailure(describeFailure(error), subject);
}

const privateHost = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

/** The same of private ECR. */
function explainPrivate(name: string, operation: string, message = 'refused', status = 400) {
  return explain(name, operation, message, status, { privateHost });
}

const declared = Object.entries(OPERATIONS).flatMap(([operation, { exceptions }]) =>
  [...exceptions, ...COMMON_EXCEPTIONS].map((exception) => [operation, exception] as const),
);

describe('the table', () => {
  it('has a row for every operation and exception, and the row says what to do', () => {
    for (const [operation, exception] of declared) {
      expect(Object.keys(ERROR_TABLE)).toContain(exception);
      const { code, message, hint, awsError } = explain(exception, operation);
      expect({ code, awsError }).toEqual({
        code: expect.not.stringMatching('INTERNAL'),
        awsError: exception,
      });
      expect(message).toContain('refused');
      expect(hint).toMatch(/^[A-Z'].*\.$/);
      expect(message + hint).not.toMatch(/\{\w+\}|undefined/);
    }
  });

  it('has no row that cannot be reached, and ends each list with one that always holds', () => {
    const tables = { ...ERROR_TABLE, ...PRIVATE_ERROR_TABLE };
    for (const rows of Object.values(tables) as (readonly ErrorRow[])[]) {
      const holds = rows.map(({ of, says }) => of === undefined && says === undefined);
      expect(holds.indexOf(true)).toBe(rows.length - 1);
    }
  });

  it('knows other names for the same', () => {
    for (const [name, tabled] of Object.entries(OTHER_NAMES)) {
      expect(explain(name, 'PutImage')).toMatchObject({ hint: explain(tabled, 'PutImage').hint });
    }
  });
});

describe('of private ECR', () => {
  const names = Object.keys({ ...ERROR_TABLE, ...PRIVATE_ERROR_TABLE });
  const isOfPublic = /^(RegistryNotFound|UnsupportedCommand|RepositoryCatalogDataNotFound)Exception$/;
  const operations = ['PutImage', 'UploadLayerPart', 'CreateRepository', 'DescribeImages', 'BatchGetImage'];

  it('no text speaks of ECR Public', () => {
    for (const name of names.filter((each) => !isOfPublic.test(each))) {
      for (const operation of operations) {
        const { code, message, hint = '' } = explainPrivate(name, operation);
        expect(code, name).not.toBe('INTERNAL');
        expect(hint, name).toMatch(/^[A-Z'].*\.$/);
        expect(message + hint, name).not.toMatch(
          /public|gallery|us-east-1|catalog|GetServiceBearerToken|\{\w+\}|undefined/i,
        );
      }
    }
  });

  const user = 'User: arn:aws:iam::210987654321:user/ann is not authorized to perform: ';
  it.each([
    ['AccessDeniedException', 'PutImage', 'no', 'AUTH', 'Allow the IAM action ecr:PutImage'],
    [
      'AccessDeniedException',
      'InitiateLayerUpload',
      `${user}ecr:InitiateLayerUpload because no resource-based policy allows the ecr:InitiateLayerUpload action`,
      'AUTH',
      `'ecrp policy grant ${privateHost}/app --push 210987654321'`,
    ],
    ['InvalidSignatureException', 'PutImage', 'scoped to a valid region. ', 'AUTH', 'Check the region'],
    ['LimitExceededException', 'UploadLayerPart', 'x', 'LIMIT', '4,200 parts. Beyond 52,000 MiB'],
    [
      'LimitExceededException',
      'PutImage',
      'number of images',
      'LIMIT',
      `ecrp image prune ${privateHost}/app`,
    ],
    ['RepositoryNotFoundException', 'PutImage', 'x', 'NOT_FOUND', `ecrp repo create ${privateHost}/app`],
    ['RepositoryNotFoundException', 'ListImages', 'x', 'NOT_FOUND', `'ecrp repo list ${privateHost}'`],
    [
      'ImageTagAlreadyExistsException',
      'PutImage',
      'x',
      'CONFLICT',
      `ecrp image untag ${privateHost}/app:TAG`,
    ],
    ['LayerInaccessibleException', 'GetDownloadUrlForLayer', 'x', 'NOT_FOUND', 'Push the image again'],
    ['UnknownOperationException', 'PutImage', 'x', 'UNAVAILABLE', 'AWS_ENDPOINT_URL_ECR:'],
    ['KmsException', 'UploadLayerPart', 'AccessDeniedException', 'AUTH', 'key policy'],
    ['KmsException', 'CreateRepository', 'x', 'AUTH', '--kms-key'],
    ['KmsException', 'UploadLayerPart', 'x', 'AUTH', 'Enable the KMS key'],
    ['KmsException', 'UploadLayerPart', 'ThrottlingException', 'UNAVAILABLE', 'Run it again later'],
  ])('%s of %s: %s', (name, operation, message, code, hint) => {
    expect(explainPrivate(name, operation, message)).toMatchObject({
      code,
      hint: expect.stringContaining(hint),
    });
  });

  it('the code that KMS gave is in the message, and decides', () => {
    const failure = (kmsError: string) =>
      describeFailure(
        Object.assign(new Error('the key cannot be used'), {
          name: 'KmsException',
          $fault: 'client',
          kmsError,
        }),
      );
    const { message } = explainFailure(failure('DisabledException'), {
      operation: 'InitiateLayerUpload',
      endpoint: 'https://ecr.test',
      attempts: 1,
      repositoryName: 'app',
      privateHost,
    });
    expect(message).toBe(
      `The encryption key of ${privateHost}/app cannot be used: the key cannot be used (DisabledException)`,
    );
    expect(classifyFailure(failure('DisabledException'))).toBe('final');
    expect(classifyFailure(failure('ThrottlingException'))).toBe('retry');
  });
});

describe('an exception that nobody knows', () => {
  it.each(['NeverHeardOfException', 'constructor', '__proto__'])('%s is named, with a hint', (name) => {
    const { code, message, hint } = explain(name, 'PutImage');
    expect({ code, message }).toEqual({ code: 'INVALID_INPUT', message: `PutImage: ${name}: refused` });
    expect(hint).toContain('does not know this exception');
  });

  it.each([
    [401, 'AUTH'],
    [403, 'AUTH'],
    [404, 'NOT_FOUND'],
    [409, 'CONFLICT'],
    [413, 'LIMIT'],
    [429, 'UNAVAILABLE'],
    [500, 'UNAVAILABLE'],
    [503, 'UNAVAILABLE'],
  ])('with the status %i is %s', (status, code) => {
    expect(explain('Other', 'PutImage', 'refused', status)).toMatchObject({
      code,
      hint: expect.stringMatching(/\.$/),
    });
  });
});

describe('the text of the service decides', () => {
  const user = 'User: arn:aws:iam::210987654321:user/ann is not authorized to perform: ';
  it.each([
    [
      'AccessDeniedException',
      'PutImage',
      `${user}ecr-public:PutImage on resource: x`,
      'Allow the IAM action ecr-public:PutImage',
    ],
    ['AccessDeniedException', 'PutImage', 'no', 'Allow the IAM action ecr-public:PutImage'],
    [
      'AccessDeniedException',
      'GetAuthorizationToken',
      `${user}sts:GetServiceBearerToken on resource: *`,
      'ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken',
    ],
    [
      'AccessDeniedException',
      'PutImage',
      `${user}ecr-public:PutImage with an explicit deny in a service control policy`,
      'denies the IAM action ecr-public:PutImage',
    ],
    [
      'AccessDeniedException',
      'PutImage',
      `${user}ecr-public:PutImage because no resource-based policy allows the ecr-public:PutImage action`,
      "'ecrp policy grant app --push 210987654321'",
    ],
    [
      'AccessDeniedException',
      'DescribeImages',
      `${user}ecr-public:DescribeImages because no resource-based policy allows the action`,
      'allow ecr-public:DescribeImages in its policy',
    ],
    ['InvalidSignatureException', 'PutImage', 'scoped to a valid region. ', 'leave out --region'],
    ['InvalidSignatureException', 'PutImage', 'Signature expired: 1 is now earlier than 2', 'Set the clock'],
    ['InvalidSignatureException', 'PutImage', 'does not match', 'AWS_SECRET_ACCESS_KEY'],
    ['InvalidParameterException', 'PutImage', 'Image has to have at least 1 layer', 'COPY or ADD'],
    [
      'InvalidParameterException',
      'PutImage',
      'Limit on number of layers per image exceeded',
      'with fewer layers',
    ],
    ['InvalidParameterException', 'SetRepositoryPolicy', 'PolicyText', '--force'],
    ['LimitExceededException', 'PutImage', 'number of tags per image', 'ecrp image untag app:TAG'],
    ['LimitExceededException', 'PutImage', 'number of images', 'ecrp image prune app'],
    ['LimitExceededException', 'UploadLayerPart', 'x', '1,000 parts'],
    ['LimitExceededException', 'CreateRepository', 'x', 'ecrp repo delete'],
    ['RepositoryNotFoundException', 'InitiateLayerUpload', 'x', 'ecrp repo create app'],
    ['RepositoryNotFoundException', 'SetRepositoryPolicy', 'x', 'ecrp repo list'],
  ])('%s of %s: %s', (name, operation, message, hint) => {
    expect(explain(name, operation, message).hint).toContain(hint);
  });

  it('and is passed on as it is', () => {
    expect(explain('ExpiredTokenException', 'PutImage', 'a {hint} $& {message}').message).toBe(
      'The credentials have expired: a {hint} $& {message}',
    );
  });
});

describe('an answer that is not the service', () => {
  const answer = (status: number, operation: string) => {
    const error = {
      name: 'UnexpectedAnswer',
      message: 'with a web page',
      $metadata: { httpStatusCode: status },
    };
    const subject = { operation, endpoint: 'https://ecr.test', attempts: 1 };
    return explainFailure(describeFailure(Object.assign(new Error(error.message), error)), subject);
  };

  it('is named, with what to check', () => {
    expect(answer(403, 'PutImage')).toMatchObject({
      code: 'UNAVAILABLE',
      message:
        'PutImage: https://ecr.test returned HTTP 403 with a web page; this does not look like ECR Public',
      hint: expect.stringContaining('captive portal'),
      awsError: undefined,
    });
  });

  it('because a part is too long is a limit', () => {
    expect(answer(413, 'UploadLayerPart')).toMatchObject({
      code: 'LIMIT',
      hint: expect.stringContaining('--part-size 5'),
    });
    expect(answer(413, 'PutImage')).toMatchObject({ code: 'UNAVAILABLE' });
  });
});
