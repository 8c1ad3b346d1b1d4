import { describe, expect, it } from 'vitest';
import { checkPolicy } from '../../../src/policy/check-policy.ts';
import { describePrivatePolicies } from '../../../src/policy/policy-service.ts';

const good = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'new policy',
      Effect: 'Allow',
      Principal: { AWS: '123456789012' },
      Action: ['ecr-public:PutImage'],
    },
  ],
};
const withStatement = (changes: object) => ({ ...good, Statement: { ...good.Statement[0], ...changes } });

it('a policy without a fault is returned', () => {
  expect(checkPolicy(good)).toEqual({ policy: good, problems: [], warnings: [] });
});

describe('refuses', () => {
  it.each([
    [null, 'must hold a JSON object'],
    [[good], 'must hold a JSON object'],
    [{ Version: '2012-10-17' }, 'no Statement'],
    [{ ...good, Statement: 'x' }, 'Statement must be'],
    [{ ...good, Statement: [1] }, 'Statement must be'],
    [{ ...good, Statement: [] }, 'Statement is empty'],
    [{ ...good, Version: '2020-01-01' }, 'Version must be'],
    [{ ...good, statement: [] }, 'write Statement'],
    [withStatement({ Effect: 'allow' }), 'statement "new policy": Effect must be'],
    [withStatement({ Resource: '*' }), 'remove Resource'],
    [withStatement({ Principal: undefined }), 'no Principal'],
    [withStatement({ NotPrincipal: '*' }), 'both Principal and NotPrincipal'],
    [withStatement({ Action: undefined }), 'no Action'],
    [withStatement({ NotAction: '*' }), 'both Action and NotAction'],
    [withStatement({ principal: '*' }), 'write Principal'],
    [withStatement({ Sid: 1 }), 'statement 1: Sid must be text'],
    [withStatement({ Principal: { AWS: 'AIDACKCEVSQ6C2EXAMPLE' } }), 'a deleted user or role'],
    [{ ...good, Statement: [...good.Statement, ...good.Statement] }, 'the Sid "new policy" appears twice'],
    [
      withStatement({ Condition: { StringEquals: { a: 'x'.repeat(10_241) } } }),
      'more than 10,240 characters',
    ],
  ])('%j', (value, problem) => {
    const { policy, problems } = checkPolicy(value);
    expect(policy).toBeUndefined();
    expect(problems).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
  });
});

describe('warns of', () => {
  it.each([
    [{ Statement: good.Statement }, 'no Version'],
    [withStatement({ Action: 'ecr:PutImage' }), 'private ECR'],
    [withStatement({ Action: 'ecr-public:ListImages' }), 'not an action of ECR Public'],
    [withStatement({ Principal: '*' }), 'ecr-public:PutImage to every AWS account'],
    [withStatement({ Principal: { AWS: ['*'] } }), 'to every AWS account'],
    [
      withStatement({ Principal: '*', Action: undefined, NotAction: 'ecr-public:DeleteRepository' }),
      'everything but ecr-public:DeleteRepository to every AWS account',
    ],
    [
      withStatement({ Principal: undefined, NotPrincipal: { AWS: '123456789012' } }),
      'ecr-public:PutImage to every AWS account that NotPrincipal does not name',
    ],
  ])('%j', (value, warning) => {
    const { policy, warnings } = checkPolicy(value);
    expect(policy).toBe(value);
    expect(warnings).toEqual([expect.stringContaining(warning)]);
  });

  it.each([
    withStatement({
      Principal: '*',
      Action: ['ecr-public:DescribeImages', 'ecr-public:GetRepositoryPolicy'],
    }),
    withStatement({ Principal: '*', Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }),
    withStatement({ Principal: '*', Effect: 'Deny' }),
    withStatement({ Action: ['ecr-public:Put*', 'ECR-PUBLIC:putimage', 'sts:GetServiceBearerToken'] }),
  ])('nothing in %j', (value) => expect(checkPolicy(value)).toMatchObject({ problems: [], warnings: [] }));
});

describe('of private ECR', () => {
  const service = describePrivatePolicies();

  it.each([
    [
      withStatement({ Action: 'ecr-public:PutImage' }),
      'an action of ECR Public; those of private ECR begin with ecr:',
    ],
    [withStatement({ Action: 'ecr:DescribeImageTags' }), 'not an action of private ECR'],
    // Everybody may read a public repository, and nobody a private one.
    [
      withStatement({ Action: 'ecr:BatchGetImage', Principal: '*' }),
      'ecr:BatchGetImage to every AWS account',
    ],
  ])('warns of %j', (value, warning) => {
    const { policy, warnings } = checkPolicy(value, service);
    expect(policy).toBe(value);
    expect(warnings).toEqual([expect.stringContaining(warning)]);
  });

  it('knows its actions, in any case', () => {
    const value = withStatement({ Action: ['ecr:BatchGetImage', 'ECR:getdownloadurlforlayer', 'ecr:Put*'] });
    expect(checkPolicy(value, service)).toEqual({ policy: value, problems: [], warnings: [] });
  });
});
