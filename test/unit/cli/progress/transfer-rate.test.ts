import { describe, expect, it } from 'vitest';
import { TransferRate } from '../../../../src/cli/progress/state.ts';
import { makeRandom } from '../../../support/images.ts';

/** A rate that was told of `bytes` more every `stepMs`, from 0 to `untilMs`. */
function feed(stepMs: number, bytes: number, untilMs: number): TransferRate {
  const rate = new TransferRate();
  for (let step = 0; step * stepMs <= untilMs; step += 1) rate.add(step * bytes, step * stepMs);
  return rate;
}

describe('the rate of a transfer', () => {
  it('is not reported in the first seconds', () => {
    const rate = feed(100, 1000, 1900);
    expect(rate.measure(1900)).toBeUndefined();
    rate.add(25_000, 2500);
    expect(rate.measure(2500)).toBeCloseTo(10_000, -1);
    expect(new TransferRate().measure(9000)).toBeUndefined();
  });

  it.each([20, 300, 1000, 7000, 40_000])('holds between two acknowledgements %d ms apart', (stepMs) => {
    const untilMs = Math.max(20, Math.ceil(4000 / stepMs)) * stepMs;
    const rate = feed(stepMs, stepMs, untilMs);
    const random = makeRandom(stepMs);
    for (let draw = 0; draw < 20; draw += 1) {
      expect(rate.measure(untilMs + random() * stepMs)).toBeCloseTo(1000, 5);
    }
  });

  it('falls, and never rises, when the next one is late', () => {
    const rate = feed(1000, 5000, 20_000);
    const measured = [21_000, 23_000, 30_000, 80_000].map((atMs) => rate.measure(atMs) ?? 0);
    expect(measured[0]).toBeCloseTo(5000, 5);
    expect(measured).toEqual([...measured].sort((a, b) => b - a));
    expect(measured.at(-1)).toBeLessThan(1000);
  });

  it('is that of the last ten seconds, not of all', () => {
    const rate = new TransferRate();
    rate.add(0, 0);
    rate.add(500_000, 1000);
    for (let second = 2; second <= 30; second += 1) rate.add(500_000 + second * 1000, second * 1000);
    expect(rate.measure(30_000)).toBeCloseTo(1000, 0);
  });

  it('starts again when what was sent is useless', () => {
    const rate = feed(1000, 5000, 20_000);
    rate.add(0, 21_000);
    expect(rate.measure(22_000)).toBeUndefined();
    rate.add(3000, 24_000);
    expect(rate.measure(24_000)).toBeCloseTo(1000, 5);
  });
});
