import { expect, test } from 'vitest';
import { RetryBudget } from '../../../src/net/retry-budget.ts';
import { makeSkippingClock } from '../../support/skipping-clock.ts';

test.each([
  ['a second and more is left', 60_000, 58_900, true],
  ['less than a second is left', 60_000, 59_100, false],
  ['the wait takes longer than the budget', 60_000, 70_000, false],
  ['more than a tenth of a small budget is left', 2000, 1700, true],
  ['less than a tenth of a small budget is left', 2000, 1850, false],
])('an attempt after a wait is worth it when %s', (_name, givenMs, delayMs, expected) => {
  const clock = makeSkippingClock();
  const budget = new RetryBudget({ givenMs, clock });
  expect(budget.allowsAttempt(clock.nowMs(), delayMs)).toBe(expected);
});
