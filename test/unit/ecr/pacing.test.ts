import { describe, expect, test } from 'vitest';
import { Pacer } from '../../../src/ecr/pacing.ts';
import { makeRandom } from '../../support/images.ts';

describe('pacing', () => {
  test('lets all but a tenth of one second’s requests out at once, then as many per second', () => {
    const pacer = new Pacer({ PutImage: 10 });
    const delays = Array.from({ length: 12 }, () => pacer.reserve('PutImage', 5000));
    expect(delays.slice(0, 9)).toEqual(Array(9).fill(0));
    expect(delays.slice(9)).toEqual([100, 200, 300]);
  });

  test('never exceeds a full bucket and the rate, however requests come', () => {
    const random = makeRandom(7);
    const pacer = new Pacer({ PutImage: 10 });
    const admitted: number[] = [];
    let nowMs = 0;
    for (let request = 0; request < 300; request += 1) {
      nowMs += random() < 0.1 ? 3000 * random() : 20 * random();
      admitted.push(nowMs + pacer.reserve('PutImage', nowMs));
    }
    // A bucket of 10 that fills by 10 a second: the most that any window may have.
    const countExcess = (times: readonly number[]) => {
      const inOrder = times.toSorted((a, b) => a - b);
      return Math.max(
        ...inOrder.flatMap((startMs, position) =>
          inOrder.slice(position).map((endMs, later) => later + 1 - (10 + (endMs - startMs) / 100)),
        ),
      );
    };
    expect(countExcess(admitted)).toBeLessThanOrEqual(-1 + 1e-6);
    // Also when they arrive up to a tenth of a second late.
    expect(countExcess(admitted.map((atMs) => atMs + 100 * random()))).toBeLessThanOrEqual(1e-6);
  });

  test('is per operation, and leaves alone what has no quota', async () => {
    const pacer = new Pacer({ PutImage: 1, CompleteLayerUpload: 1 });
    expect(pacer.reserve('PutImage', 0)).toBe(0);
    expect(pacer.reserve('PutImage', 0)).toBe(1000);
    expect(pacer.reserve('CompleteLayerUpload', 0)).toBe(0);
    expect(pacer.reserve('DescribeImages', 0)).toBe(0);
    expect(pacer.reserve('DescribeImages', 0)).toBe(0);
  });

  test('a wait ends when it is aborted', async () => {
    const pacer = new Pacer({ PutImage: 1 });
    const controller = new AbortController();
    await pacer.admit('PutImage', controller.signal);
    const waiting = pacer.admit('PutImage', controller.signal);
    controller.abort();
    await expect(waiting).rejects.toThrow();
  });
});
