import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { describeAmounts } from '../../../src/cli/progress/describe-amounts.ts';
import { ProgressState } from '../../../src/cli/progress/progress-state.ts';
import { renderLive } from '../../../src/cli/progress/render-live.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import type { PushEvent } from '../../../src/push/events.ts';

const plain = new Chalk({ level: 0 });
const subject = { name: 'app:1.0', dryRun: false };
const MIB = 1024 * 1024;

const first = digestOf('first');
const second = digestOf('second');

function start(id: Digest, totalBytes: number | undefined, sourceBytes = totalBytes ?? 0): PushEvent {
  return { kind: 'blob-started', id, role: 'layer', totalBytes, sourceBytes };
}
function progress(id: Digest, acknowledgedBytes: number): PushEvent {
  return { kind: 'blob-progress', id, acknowledgedBytes };
}
function finish(id: Digest, bytes: number): PushEvent {
  return { kind: 'blob-finished', id, role: 'layer', outcome: 'uploaded', digest: id, bytes };
}
function applyAll(events: readonly PushEvent[], stepMs = 1000): ProgressState {
  const state = new ProgressState();
  events.forEach((event, index) => {
    state.apply(event, index * stepMs);
  });
  return state;
}

describe('the state of a push', () => {
  it('adds up blobs in flight and finished ones', () => {
    const state = applyAll([
      { kind: 'phase', phase: 'upload', blobs: 2, sourceBytes: 30 * MIB },
      start(first, 20 * MIB),
      start(second, 10 * MIB),
      progress(first, 10 * MIB),
      progress(second, 10 * MIB),
      finish(second, 10 * MIB),
    ]);
    expect(state.snapshot(5000)).toMatchObject({
      phase: 'upload',
      sentBytes: 20 * MIB,
      totalBytes: 30 * MIB,
      isTotalExact: true,
      active: [{ label: first.slice(7, 19), sentBytes: 10 * MIB, resumedBytes: 0, totalBytes: 20 * MIB }],
    });
  });

  it('takes off the total what compression saved', () => {
    const state = applyAll([
      { kind: 'phase', phase: 'upload', blobs: 1, sourceBytes: 30 * MIB },
      start(first, undefined, 30 * MIB),
    ]);
    expect(state.snapshot(1000)).toMatchObject({ totalBytes: 30 * MIB, isTotalExact: false });
    state.apply(finish(first, 12 * MIB), 2000);
    expect(state.snapshot(2000)).toMatchObject({ sentBytes: 12 * MIB, totalBytes: 12 * MIB, active: [] });
  });

  it('does not count what was there already', () => {
    const state = applyAll([
      { kind: 'blob-finished', id: first, role: 'layer', outcome: 'existing', digest: first, bytes: 5 },
      { kind: 'phase', phase: 'upload', blobs: 0, sourceBytes: 0 },
    ]);
    expect(state.snapshot(0)).toMatchObject({ sentBytes: 0, totalBytes: 0 });
  });

  it('tells the rate of the last ten seconds, not of all', () => {
    const state = new ProgressState();
    state.apply({ kind: 'phase', phase: 'upload', blobs: 1, sourceBytes: 1000 * MIB }, 0);
    state.apply(start(first, 1000 * MIB), 0);
    state.apply(progress(first, 0), 0);
    state.apply(progress(first, 500 * MIB), 1000);
    for (let second = 2; second <= 30; second += 1) {
      state.apply(progress(first, (500 + second) * MIB), second * 1000);
    }
    expect(state.snapshot(30_000).bytesPerSecond).toBeCloseTo(MIB, 0);
  });
});

describe('a resumed upload', () => {
  const resumed = (nextByte?: number): PushEvent[] => [
    { kind: 'phase', phase: 'upload', blobs: 1, sourceBytes: 100 * MIB },
    start(first, 100 * MIB),
    { kind: 'blob-resumed', id: first, resumedBytes: 60 * MIB },
    ...(nextByte === undefined
      ? []
      : [{ kind: 'blob-restarted', id: first, reason: 'vanished', nextByte } as const]),
  ];

  it('counts what an earlier push sent, but not as having moved now', () => {
    const state = applyAll(resumed());
    state.apply(progress(first, 60 * MIB), 1000);
    state.apply(progress(first, 70 * MIB), 2000);
    const snapshot = state.snapshot(2000);
    expect(snapshot).toMatchObject({ sentBytes: 70 * MIB, resumedBytes: 60 * MIB, totalBytes: 100 * MIB });
    expect(snapshot.bytesPerSecond).toBeCloseTo(10 * MIB, 0);
    expect(describeAmounts(snapshot)).toContain('resumed 62.9 MB');
  });

  it('that turns out to be of no use counts no more', () => {
    expect(applyAll(resumed(0)).snapshot(0)).toMatchObject({ sentBytes: 0, resumedBytes: 0 });
  });
});

describe('the live display', () => {
  const busy = applyAll([
    { kind: 'phase', phase: 'upload', blobs: 12, sourceBytes: 1200 * MIB },
    ...Array.from({ length: 12 }, (_, index) => start(digestOf(String(index)), 100 * MIB)),
    ...Array.from({ length: 12 }, (_, index) => progress(digestOf(String(index)), index * 9 * MIB)),
  ]);
  busy.countRetry();

  it.each([20, 30, 40, 60, 80, 200])('is nowhere wider than %d columns', (columns) => {
    const snapshot = busy.snapshot(24_000);
    const lines = renderLive(snapshot, subject, columns, plain).split('\n');
    // The spinner and a space stand before the first line.
    const widths = lines.map((line, index) => line.length + (index === 0 ? 2 : 0));
    expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
    // The whole, eight layers, and how many more there are.
    expect(lines).toHaveLength(10);
  });

  it('shows shares, a bar where there is room, and what is being compressed', () => {
    const state = applyAll([
      { kind: 'phase', phase: 'upload', blobs: 2, sourceBytes: 60_000_000 },
      start(first, 40_000_000),
      start(second, undefined, 20_000_000),
      progress(first, 10_000_000),
      progress(second, 5_000_000),
    ]);
    expect(renderLive(state.snapshot(4000), subject, 80, plain)).toBe(
      [
        'Uploading app:1.0  15.0 MB sent  60.0 MB at most  5.0 MB/s',
        `  ${first.slice(7, 19)}  ${'━'.repeat(6)}${'─'.repeat(18)} 25% of  40.0 MB`,
        `  ${second.slice(7, 19)}     5.0 MB, compressing`,
      ].join('\n'),
    );
  });
});

it('counts retries among the amounts', () => {
  const state = new ProgressState();
  state.countRetry();
  expect(describeAmounts(state.snapshot(0))).toEqual(['1 retry']);
  state.countRetry();
  expect(describeAmounts(state.snapshot(0))).toEqual(['2 retries']);
});
