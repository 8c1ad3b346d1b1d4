import { describe, expect, it } from 'vitest';
import { checkLifecycle } from '../../../../src/policy/lifecycle/check-lifecycle.ts';
import { BAD_LIFECYCLES, DOUBTFUL_LIFECYCLES, GOOD_LIFECYCLES } from '../../../support/lifecycle-policies.ts';

it.each(GOOD_LIFECYCLES)('a policy without a fault is returned: %j', (policy) => {
  expect(checkLifecycle(policy)).toEqual({ policy, problems: [], warnings: [] });
});

describe('refuses', () => {
  it.each(BAD_LIFECYCLES)('%j', (value, problem) => {
    const { policy, problems } = checkLifecycle(value);
    expect(policy).toBeUndefined();
    expect(problems).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
  });
});

describe('warns of', () => {
  it.each(DOUBTFUL_LIFECYCLES)('%j', (value, warning) => {
    const { policy, warnings } = checkLifecycle(value);
    expect(policy).toBe(value);
    expect(warnings).toEqual([expect.stringContaining(warning)]);
  });
});
