import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callPrivate, failPrivate } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import { privateOf, type Signer } from '../../../support/signed-request.ts';

const place = { repositoryName: 'team/app' };
let emulator: TestEmulator;
let signer: Signer;

beforeAll(async () => {
  emulator = await startTestEmulator({ private: {} });
  signer = privateOf(emulator);
  await callPrivate(signer, 'CreateRepository', place);
});

afterAll(() => emulator.close());

const selection = {
  tagStatus: 'untagged',
  countType: 'sinceImagePushed',
  countUnit: 'days',
  countNumber: 14,
};
const rule = { rulePriority: 1, description: 'old', selection, action: { type: 'expire' } };
const select = (changes: object, rulePriority = 1) => ({
  ...rule,
  ...{ rulePriority, selection: { ...selection, ...changes } },
});
const tagged = { tagStatus: 'tagged', tagPatternList: ['prod*'] };

test('put, get, delete', async () => {
  const missing = {
    __type: 'LifecyclePolicyNotFoundException',
    message:
      "Lifecycle policy does not exist for the repository with name 'team/app' in the registry with id '123456789012'",
  };
  expect(await failPrivate(signer, 'GetLifecyclePolicy', place)).toEqual(missing);
  const lifecyclePolicyText = JSON.stringify({ rules: [rule] });
  const stored = { registryId: '123456789012', ...place, lifecyclePolicyText };
  expect(await callPrivate(signer, 'PutLifecyclePolicy', { ...place, lifecyclePolicyText })).toEqual(stored);
  expect(await callPrivate(signer, 'GetLifecyclePolicy', place)).toEqual(stored);
  expect(await callPrivate(signer, 'DeleteLifecyclePolicy', place)).toEqual(stored);
  expect(await failPrivate(signer, 'DeleteLifecyclePolicy', place)).toEqual(missing);
});

describe('a policy that is taken', () => {
  test.each([
    ['several kinds of rules', [select(tagged), select({}, 2), select({ tagStatus: 'any' }, 3)]],
    ['a count of images', [select({ ...tagged, countType: 'imageCountMoreThan', countUnit: undefined })]],
    [
      'an archive, and what expires from it',
      [
        { ...select(tagged), action: { type: 'transition', targetStorageClass: 'archive' } },
        select({ ...tagged, countType: 'sinceImageTransitioned', storageClass: 'archive' }, 2),
      ],
    ],
  ])('%s', async (_, rules) => {
    const lifecyclePolicyText = JSON.stringify({ rules });
    await callPrivate(signer, 'PutLifecyclePolicy', { ...place, lifecyclePolicyText });
  });
});

describe('a policy that is refused', () => {
  const noSchema = 'instance failed to match exactly one schema (matched 0 out of 2)';

  test.each([
    ['no object', '"text"', 'Could not map policyString into LifecyclePolicy.'],
    ['no JSON', '{"rules": [', 'Could not map policyString into LifecyclePolicy.'],
    ['no rules', { rules: [] }, 'object has missing required properties (["rules"])'],
    ['too many rules', { rules: Array(51).fill(rule) }, 'array is too long'],
    ['a rule that is none', { rules: [null] }, noSchema],
    ['no priority', { rules: [{ ...rule, rulePriority: 0 }] }, noSchema],
    ['an unknown action', { rules: [{ ...rule, action: { type: 'delete' } }] }, noSchema],
    [
      'a target for no transition',
      { rules: [{ ...rule, action: { type: 'expire', targetStorageClass: 'archive' } }] },
      noSchema,
    ],
    ['days of a count', { rules: [select({ countType: 'imageCountMoreThan' })] }, noSchema],
    ['weeks', { rules: [select({ countUnit: 'weeks' })] }, noSchema],
    ['tags of untagged images', { rules: [select({ tagPrefixList: ['a'] })] }, noSchema],
    [
      'no tags',
      { rules: [select({ tagStatus: 'tagged' })] },
      'Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED.',
    ],
    ['a priority twice', { rules: [select(tagged), select({})] }, 'Priorities must be unique.'],
    [
      'two rules for untagged images',
      { rules: [select({}), select({}, 2)] },
      'Only one rule can select Untagged images per storage class.',
    ],
    [
      'a rule for any image before others',
      { rules: [select({ tagStatus: 'any' }), select(tagged, 2)] },
      'Rule for tagStatus=ANY must have the lowest priority per storage class',
    ],
  ])('%s', async (_, policy, problem) => {
    const text = typeof policy === 'string' ? policy : JSON.stringify(policy);
    // Padding, because a policy has at least 100 characters.
    const input = { ...place, lifecyclePolicyText: text.padEnd(100) };
    const error = await failPrivate(signer, 'PutLifecyclePolicy', input);
    expect(error.__type).toBe('InvalidParameterException');
    expect(error.message).toContain(`Lifecycle policy validation failure: ${problem}`);
  });

  test('deep nesting', async () => {
    const lifecyclePolicyText = `{"rules":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    const error = await failPrivate(signer, 'PutLifecyclePolicy', { ...place, lifecyclePolicyText });
    expect(error.__type).toBe('InvalidParameterException');
  });
});
