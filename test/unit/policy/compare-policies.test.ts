import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/json.ts';
import { comparePolicies, isSamePolicy } from '../../../src/policy/compare-policies.ts';

const account = '123456789012';
const root = `arn:aws:iam::${account}:root`;
const allow = {
  ...{ Sid: 'a', Effect: 'Allow', Principal: { AWS: [root] } },
  Action: ['ecr-public:PutImage', 'ecr-public:DescribeImages'],
};
const policy = (...statements: readonly JsonObject[]) => ({ Version: '2012-10-17', Statement: statements });

describe('the same meaning', () => {
  it.each<[string, JsonObject]>([
    ['another order of members', Object.fromEntries(Object.entries(allow).reverse())],
    ['another order of a list', { ...allow, Action: [...allow.Action].reverse() }],
    ['a value twice', { ...allow, Action: [...allow.Action, ...allow.Action] }],
    ['an account without its ARN', { ...allow, Principal: { AWS: account } }],
    ['an account with dashes', { ...allow, Principal: { AWS: ['1234-5678-9012'] } }],
    ['an action in lower case', { ...allow, Action: allow.Action.map((each) => each.toLowerCase()) }],
  ])('%s', (_, other) => expect(isSamePolicy(policy(allow), policy(other))).toBe(true));

  it('one statement without a list, two in another order, one twice', () => {
    const deny = { ...allow, Sid: 'b', Effect: 'Deny' };
    expect(isSamePolicy(policy(allow), { Version: '2012-10-17', Statement: allow })).toBe(true);
    expect(isSamePolicy(policy(allow, deny), policy(deny, allow))).toBe(true);
    expect(isSamePolicy(policy(allow, allow), policy(allow))).toBe(true);
    expect(isSamePolicy(policy(allow), policy(allow, allow))).toBe(true);
  });

  it('everybody in both forms, no version and the oldest one', () => {
    const everybody = policy({ ...allow, Principal: '*' });
    expect(isSamePolicy(everybody, policy({ ...allow, Principal: { AWS: '*' } }))).toBe(true);
    expect(isSamePolicy({ Statement: allow }, { Version: '2008-10-17', Statement: allow })).toBe(true);
  });

  it('conditions with other cases of keys, and values that are no texts', () => {
    const one = { ...allow, Condition: { Bool: { 'aws:SecureTransport': true } } };
    const other = { ...allow, Condition: { Bool: { 'AWS:securetransport': ['true'] } } };
    expect(isSamePolicy(policy(one), policy(other))).toBe(true);
  });

  it('no policy and no policy', () => expect(isSamePolicy(undefined, undefined)).toBe(true));
});

describe('another meaning', () => {
  it.each<[string, JsonObject]>([
    ['Effect', { ...allow, Effect: 'Deny' }],
    ['Sid', { ...allow, Sid: 'b' }],
    ['one action less', { ...allow, Action: allow.Action.slice(1) }],
    ['another account', { ...allow, Principal: { AWS: '210987654321' } }],
    ['a service of that name', { ...allow, Principal: { Service: root } }],
    ['NotPrincipal', { Sid: 'a', Effect: 'Allow', NotPrincipal: allow.Principal, Action: allow.Action }],
    ['a condition', { ...allow, Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }],
    ['a condition without values', { ...allow, Condition: { StringEquals: { 'aws:PrincipalOrgID': [] } } }],
    ['a member that nobody knows', { ...allow, Future: { a: 1 } }],
  ])('%s', (_, other) => expect(isSamePolicy(policy(allow), policy(other))).toBe(false));

  it.each([
    ['version', { Version: '2008-10-17', Statement: [allow] }],
    ['Id', { Version: '2012-10-17', Id: 'x', Statement: [allow] }],
    ['no policy', undefined],
  ])('%s', (_, other) => expect(isSamePolicy(policy(allow), other)).toBe(false));

  it('a deleted user is not the user of any ARN', () => {
    const deleted = policy({ ...allow, Principal: { AWS: 'AIDACKCEVSQ6C2EXAMPLE' } });
    const user = policy({ ...allow, Principal: { AWS: `arn:aws:iam::${account}:user/ann` } });
    expect(isSamePolicy(deleted, user)).toBe(false);
  });
});

it('lists what was added, removed and changed, by statement', () => {
  const changed = { ...allow, Principal: { AWS: '210987654321' } };
  const [old, young] = [
    { ...allow, Sid: 'old' },
    { ...allow, Sid: undefined, Effect: 'Deny' },
  ];
  expect(comparePolicies(policy(allow, old), policy(changed, young))).toEqual([
    {
      ...{ part: 'statement', sid: 'a', change: 'changed' },
      added: ['Principal AWS arn:aws:iam::210987654321:root'],
      removed: [`Principal AWS ${root}`],
    },
    expect.objectContaining({ sid: undefined, change: 'added', removed: [] }),
    expect.objectContaining({ sid: 'old', change: 'removed', added: [] }),
  ]);
});
