import { describe, expect, test } from 'vitest';
import { Pacer } from '../../../src/ecr/pacing.ts';
import { makeRandom } from '../../support/images.ts';

describe('pacing', () => {
  test('lets one second’s requests out at once, then as many per second', () => {
    const pacer = new Pacer({ PutImage: 10 });
    const delays = Array.from({ length: 13 }, () => pacer.reserve('PutImage', 5000));
    expect(delays.slice(0, 10)).toEqual(Array(10).fill(0));
    expect(delays.slice(10)).toEqual([100, 200, 300]);
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
    const excess = admitted.flatMap((startMs, position) =>
      admitted.slice(position).map((endMs, later) => later + 1 - (10 + (endMs - startMs) / 100)),
    );
    expect(Math.max(...excess)).toBeLessThanOrEqual(1e-6);
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
