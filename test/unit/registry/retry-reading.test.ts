import { afterEach, expect, it, vi } from 'vitest';
import { RetryBudget } from '../../../src/net/retry-budget.ts';
import { retryReading } from '../../../src/registry/retry-reading.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeSkippingClock } from '../../support/skipping-clock.ts';

afterEach(() => void vi.restoreAllMocks());

it('the last attempt has time for an answer, so that its error says what is wrong', async () => {
  // Each wait is the longest: 500, 1000 and 1666 ms. After the next one, 168 ms would be left.
  vi.spyOn(Math, 'random').mockReturnValue(1);
  const clock = makeSkippingClock();
  const budget = new RetryBudget({ givenMs: 5000, clock });
  let attempts = 0;
  const read = async () => {
    attempts += 1;
    throw new Error('unexpected end of file');
  };
  const { signal } = new AbortController();
  const error = await catchError(() => retryReading('the manifest', read, { waitsMs: [], budget, signal }));
  expect(error.message).toBe('the manifest cannot be read back: unexpected end of file');
  expect(attempts).toBe(4);
});
