import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/json.ts';
import { isSamePolicy } from '../../../src/policy/compare-policies.ts';
import { describePrivatePolicies } from '../../../src/policy/policy-service.ts';
import { listStatements } from '../../../src/policy/policy-text.ts';
import { parsePrincipal, parseStoredPrincipal } from '../../../src/policy/principals.ts';
import { findRemainingGrants, grantPush, revokePush } from '../../../src/policy/push-grant.ts';
import { LAYER_OPERATIONS } from '../../../src/wire/image-operations.ts';

const [one, two] = ['arn:aws:iam::123456789012:root', 'arn:aws:iam::210987654321:role/build'];
const other = { Sid: 'other', Effect: 'Allow', Principal: '*', Action: 'ecr-public:DescribeImages' };

describe('a grant', () => {
  it('makes a policy with the actions of a push', () => {
    expect(grantPush(undefined, [one])).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          ...{ Sid: 'EcrpPush', Effect: 'Allow', Principal: { AWS: [one] } },
          Action: [...Object.keys(LAYER_OPERATIONS), 'PutImage'].map((name) => `ecr-public:${name}`),
        },
      ],
    });
  });

  it('adds to its own statement alone, once', () => {
    const before = { Version: '2008-10-17', Id: 'x', Statement: other };
    const after = grantPush(grantPush(before, [one]), [one, two]);
    expect(after).toMatchObject({ Version: '2008-10-17', Id: 'x' });
    expect(listStatements(after)).toEqual([
      other,
      expect.objectContaining({ Principal: { AWS: [one, two] } }),
    ]);
    expect(isSamePolicy(after, grantPush(after, [two]))).toBe(true);
  });

  it('completes actions that were taken away, and knows an account by its digits', () => {
    const statement = {
      ...{ Sid: 'EcrpPush', Effect: 'Allow', Principal: { AWS: '123456789012' } },
      Action: 'ecr-public:putimage',
    };
    const after = grantPush({ Statement: statement }, [one]);
    expect(isSamePolicy(after, { Statement: listStatements(grantPush(undefined, [one])) })).toBe(true);
  });

  it.each<[string, JsonObject]>([
    ['denies', { Effect: 'Deny' }],
    ['allows ecr-public:* as well', { Action: 'ecr-public:*' }],
    ['has a Condition', { Condition: {} }],
    ['is not about AWS accounts', { Principal: '*' }],
    ['is not about AWS accounts', { Principal: { AWS: one, Service: 'x.amazonaws.com' } }],
  ])('refuses a statement of its name that %s', (problem, changes) => {
    const [statement] = listStatements(grantPush(undefined, [one]));
    const policy = { Statement: { ...statement, ...changes } };
    for (const edit of [grantPush, revokePush]) {
      expect(() => edit(policy, [two])).toThrow(
        expect.objectContaining({ code: 'CONFLICT', message: expect.stringContaining(problem) }),
      );
    }
  });
});

describe('a revocation', () => {
  it('removes principals, then the statement, then the policy', () => {
    const granted = grantPush({ Statement: other }, [one, two]);
    const left = revokePush(granted, [one]);
    expect(listStatements(left)).toEqual([other, expect.objectContaining({ Principal: { AWS: [two] } })]);
    expect(revokePush(left, [two])).toEqual({ Statement: [other] });
    expect(revokePush(grantPush(undefined, [one]), [one])).toBeUndefined();
  });

  it('changes nothing for principals that are not there', () => {
    const granted = grantPush(undefined, [one]);
    expect(revokePush(granted, [two])).toBe(granted);
    expect(revokePush(undefined, [two])).toBeUndefined();
  });

  it('finds what is still allowed: by name, by the account, as everybody', () => {
    const account = { ...other, Sid: 'account', Principal: { AWS: '210987654321' } };
    const named = { ...other, Sid: undefined, Principal: { AWS: [two] } };
    const policy = { Statement: [other, account, named, { ...named, Sid: 'no', Effect: 'Deny' }] };
    expect(findRemainingGrants(policy, [two])).toEqual(['other', 'account', '(no Sid)']);
    expect(findRemainingGrants(policy, [one])).toEqual(['other']);
  });
});

describe('a principal', () => {
  it.each([
    ['123456789012', one],
    ['1234-5678-9012', one],
    [one, one],
    [two, two],
    [
      'arn:aws:iam::123456789012:user/team/ann@example.com',
      'arn:aws:iam::123456789012:user/team/ann@example.com',
    ],
    ['arn:aws:sts::123456789012:assumed-role/build/job', 'arn:aws:sts::123456789012:assumed-role/build/job'],
  ])('%s', (text, arn) => expect(parsePrincipal(text)).toBe(arn));

  it.each([
    ['*', 'Name each account'],
    ['12345678901', '12 digits'],
    ['arn:aws:iam::123456789012:group/x', 'group'],
    ['arn:aws-cn:iam::123456789012:root', 'partition'],
    ['AIDACKCEVSQ6C2EXAMPLE', 'ARN of the user'],
    ['arn:aws:s3:::bucket', 'such as arn:aws:iam'],
    ['', 'such as arn:aws:iam'],
  ])('is not %j', (text, hint) => {
    expect(() => parsePrincipal(text)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining(hint) }),
    );
  });

  it('that was deleted can be revoked by its ID', () => {
    expect(parseStoredPrincipal('AIDACKCEVSQ6C2EXAMPLE')).toBe('AIDACKCEVSQ6C2EXAMPLE');
    expect(parseStoredPrincipal('123456789012')).toBe(one);
  });
});

describe('in private ECR of another partition', () => {
  const service = describePrivatePolicies('cn-north-1');
  const account = 'arn:aws-cn:iam::123456789012:root';

  it('a grant has its actions and principals, and is taken back', () => {
    expect(parsePrincipal('123456789012', service)).toBe(account);
    const granted = grantPush({ Statement: other }, [account], service);
    expect(listStatements(granted)[1]).toEqual({
      ...{ Sid: 'EcrpPush', Effect: 'Allow', Principal: { AWS: [account] } },
      Action: [...Object.keys(LAYER_OPERATIONS), 'PutImage', 'BatchGetImage'].map((name) => `ecr:${name}`),
    });
    expect(revokePush(granted, [account], service)).toEqual({ Statement: [other] });
  });

  it('an account has one meaning in each of its forms', () => {
    const byDigits = { Statement: { ...other, Principal: { AWS: '123456789012' } } };
    expect(isSamePolicy(byDigits, { Statement: { ...other, Principal: { AWS: account } } })).toBe(true);
    expect(findRemainingGrants(byDigits, [account])).toEqual(['other']);
  });

  it('a principal of the partition aws is refused', () => {
    expect(() => parsePrincipal(two, service)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining('in the partition aws-cn') }),
    );
  });

  it('a grant of public actions is not changed', () => {
    expect(() => grantPush(grantPush(undefined, [one]), [account], service)).toThrow(
      expect.objectContaining({ code: 'CONFLICT' }),
    );
  });
});
