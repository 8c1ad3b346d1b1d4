import { describe, expect, it } from 'vitest';
import { describeAmounts, describeStall } from '../../../../src/cli/progress/describe.ts';
import { ProgressState } from '../../../../src/cli/progress/state.ts';
import type { ApiEvent } from '../../../../src/ecr/api-call.ts';
import type { PushEvent } from '../../../../src/engine/events.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { applyAll, finish, MIB, progress, start, upload } from './events.ts';

const first = digestOf('first');
const second = digestOf('second');

describe('the blobs of a push', () => {
  it('are added up, in flight and finished ones', () => {
    const state = applyAll([
      upload(2, 30 * MIB),
      start(first, 20 * MIB),
      start(second, 10 * MIB),
      progress(first, 10 * MIB),
      progress(second, 10 * MIB),
      finish(second, 10 * MIB),
    ]);
    expect(state.snapshot(5000)).toMatchObject({
      phase: 'upload',
      doneBytes: 20 * MIB,
      total: { bytes: 30 * MIB, kind: 'exact' },
      doneItems: 1,
      items: 2,
      active: [{ label: first.slice(7, 19), sentBytes: 10 * MIB, totalBytes: 20 * MIB, step: 'sending' }],
    });
  });

  it('do not count when they were there already, or another push has sent them meanwhile', () => {
    const state = applyAll([finish(first, 5, 'existing'), upload(1, 7), start(second, 7)]);
    expect(state.snapshot(0)).toMatchObject({ doneBytes: 0, total: { bytes: 7 } });
    state.apply(finish(second, 7, 'existing'), 1000);
    expect(state.snapshot(1000)).toMatchObject({ doneBytes: 0, total: { bytes: 0 }, doneItems: 1 });
  });

  it('are counted on when some turn out to be missing after all', () => {
    const state = applyAll([
      upload(1, 10),
      start(first, 10),
      finish(first, 10),
      upload(1, 20),
      start(second, 20),
    ]);
    expect(state.snapshot(0)).toMatchObject({ doneBytes: 10, total: { bytes: 30 }, doneItems: 1, items: 2 });
  });

  it('have no total while the source arrives', () => {
    const arrives = { ...start(first, 10 * MIB), arriving: true } as PushEvent;
    const state = applyAll([{ kind: 'phase', phase: 'upload' }, arrives, progress(first, 4 * MIB)]);
    expect(state.snapshot(9000)).toMatchObject({ doneBytes: 4 * MIB, total: { kind: 'arriving' }, items: 0 });
    expect(describeAmounts(state.snapshot(4000))[0]).toBe('4.2 MB sent');
    expect(describeAmounts(state.snapshot(4000)).join()).not.toMatch(/of|left/);
    state.apply(finish(first, 10 * MIB), 5000);
    state.apply({ kind: 'phase', phase: 'check' }, 5000);
    state.apply(upload(1, 2 * MIB), 5000);
    expect(state.snapshot(5000)).toMatchObject({
      doneBytes: 10 * MIB,
      total: { bytes: 12 * MIB, kind: 'exact' },
    });
  });

  it('are dropped when their upload starts again', () => {
    const state = applyAll([{ kind: 'phase', phase: 'upload' }, start(first, 10), progress(first, 4)]);
    state.apply({ kind: 'phase', phase: 'check' }, 3000);
    expect(state.snapshot(3000)).toMatchObject({ doneBytes: 0, active: [] });
  });

  it('are being completed when all of them is acknowledged', () => {
    const state = applyAll([
      upload(1, 30 * MIB),
      start(first, undefined, 30 * MIB),
      { kind: 'blob-sent', id: first, bytes: 12 * MIB },
    ]);
    expect(state.snapshot(0)).toMatchObject({
      total: { bytes: 12 * MIB, kind: 'exact' },
      active: [{ step: 'completing', sentBytes: 12 * MIB, totalBytes: 12 * MIB }],
    });
  });
});

describe('the total of layers that are being compressed', () => {
  const begun = [upload(2, 60 * MIB), start(first, undefined, 40 * MIB)];

  it('is at most what they are uncompressed, then judged by what came out, then known', () => {
    const state = applyAll(begun);
    expect(state.snapshot(0).total).toEqual({ bytes: 60 * MIB, kind: 'most' });
    // Half of its size, so the other one, too, is taken to come to a half.
    state.apply(progress(first, 5 * MIB, 20 * MIB), 1000);
    expect(state.snapshot(1000).total).toEqual({ bytes: 30 * MIB, kind: 'about' });
    state.apply(finish(first, 16 * MIB), 2000);
    expect(state.snapshot(2000).total).toEqual({ bytes: 24 * MIB, kind: 'about' });
    state.apply(start(second, undefined, 20 * MIB), 3000);
    expect(state.snapshot(3000).total).toEqual({ bytes: 24 * MIB, kind: 'about' });
    state.apply(finish(second, 9 * MIB), 4000);
    expect(state.snapshot(4000).total).toEqual({ bytes: 25 * MIB, kind: 'exact' });
  });

  it('is never less than what is sent', () => {
    const state = applyAll([...begun, progress(first, 30 * MIB, 20 * MIB)]);
    expect(state.snapshot(0).total.bytes).toBeGreaterThanOrEqual(30 * MIB);
  });
});

describe('a resumed upload', () => {
  const resumed: readonly PushEvent[] = [
    upload(1, 100 * MIB),
    start(first, 100 * MIB),
    { kind: 'blob-resumed', id: first, resumedBytes: 60 * MIB },
  ];

  it('counts what an earlier push sent, but not as having moved now', () => {
    const state = applyAll([...resumed, progress(first, 60 * MIB), progress(first, 70 * MIB)]);
    const snapshot = state.snapshot(4000);
    expect(snapshot).toMatchObject({ doneBytes: 70 * MIB, resumedBytes: 60 * MIB });
    expect(snapshot.bytesPerSecond).toBeCloseTo((10 * MIB) / 4, 0);
    expect(describeAmounts(snapshot)).toContain('resumed 62.9 MB');
  });

  it('that turns out to be of no use counts no more', () => {
    const state = applyAll([
      ...resumed,
      { kind: 'blob-restarted', id: first, reason: 'vanished', nextByte: 0 },
    ]);
    expect(state.snapshot(0)).toMatchObject({ doneBytes: 0, resumedBytes: 0, active: [{ step: 'again' }] });
  });
});

describe('what holds a push up', () => {
  const retry = (delayMs: number): ApiEvent => {
    return {
      kind: 'retry',
      operation: 'UploadLayerPart',
      attempt: 1,
      delayMs,
      reason: 'Rate\nexceeded\u001b[2J',
    };
  };
  const called: ApiEvent = { kind: 'call', operation: 'UploadLayerPart', ms: 9, attempts: 3 };
  const busy = [upload(1, 10 * MIB), start(first, 10 * MIB)];

  it('is a call that waits to be tried again, until one like it is answered', () => {
    const state = applyAll(busy);
    state.applyCall(retry(3000), 2000);
    expect(describeStall(state.snapshot(2000), false)).toBe(
      'retrying in 3 s: UploadLayerPart, Rate exceeded\\x1b[2J',
    );
    expect(describeStall(state.snapshot(4001), false)).toContain('retrying in 1 s: ');
    expect(describeStall(state.snapshot(5000), false)).toContain('retrying: UploadLayerPart');
    state.applyCall(called, 6000);
    expect(describeStall(state.snapshot(6000), false)).toBeUndefined();
    expect(describeAmounts(state.snapshot(6000))).toContain('1 retry');
  });

  it('is not reported when it takes less than a second', () => {
    const state = applyAll(busy);
    state.applyCall(retry(200), 2000);
    expect(describeStall(state.snapshot(2100), false)).toBeUndefined();
    state.applyCall(retry(900), 2300);
    expect(describeStall(state.snapshot(2400), false)).toContain('retrying in 1 s');
    expect(describeAmounts(state.snapshot(2400))).toContain('2 retries');
  });

  it.each([
    [upload(1, 10 * MIB), 'reading the source, 12 s'],
    [{ kind: 'phase', phase: 'upload' } as const, 'reading the source, 12 s'],
    [{ kind: 'phase', phase: 'check' } as const, 'no answer for 12 s'],
    [{ kind: 'phase', phase: 'put', manifests: 2 } as const, 'no answer for 12 s'],
    [{ kind: 'verify-started', blobs: 1, bytes: 10 } as const, 'nothing read for 12 s'],
  ])('is that nothing is heard: %o', (event, said) => {
    const state = new ProgressState(0);
    state.apply(event, 1000);
    expect(describeStall(state.snapshot(2900), false)).toBeUndefined();
    expect(describeStall(state.snapshot(3000), false)).toBe(said.replace('12', '2'));
    expect(describeStall(state.snapshot(13_000), false)).toBe(said);
  });

  it('is that a call waits that has to come before the first byte', () => {
    const state = applyAll([upload(1, 10 * MIB)]);
    const describeWaitFor = (operation: string) => {
      const wait = { what: `h (${operation})`, waitedMs: 3000, isCall: true, trouble: undefined };
      return describeStall(state.snapshot(4000, wait), false);
    };
    expect(describeWaitFor('BatchCheckLayerAvailability')).toBe(
      'waiting for h (BatchCheckLayerAvailability), 3 s',
    );
    expect(describeWaitFor('UploadLayerPart')).toMatch(/^waiting for an acknowledgement, /);
  });

  it('is no rate, before more than small blobs are sent', () => {
    const state = applyAll([upload(2, 10 * MIB), start(first, MIB), progress(first, 300)]);
    expect(describeAmounts(state.snapshot(3000)).join(' ')).not.toMatch(/\/s|left/);
  });

  it('takes the rate and the time left from the display', () => {
    const state = applyAll([...busy, progress(first, 2 * MIB), progress(first, 4 * MIB)]);
    expect(describeAmounts(state.snapshot(3000))).toEqual(['4.2 of 10.5 MB', '1.4 MB/s', '5 s left']);
    expect(describeAmounts(state.snapshot(20_000))).toEqual(['4.2 of 10.5 MB']);
  });
});

describe('the other phases', () => {
  it('show how many manifests are put', () => {
    const state = applyAll([
      { kind: 'phase', phase: 'put', manifests: 3 },
      { kind: 'manifest-put', imageDigest: first, imageTag: undefined, status: 'put' },
    ]);
    expect(describeAmounts(state.snapshot(1000))).toEqual(['1 of 3 manifests']);
  });

  it('show how much is read back, of several blobs at once', () => {
    const state = new ProgressState(0);
    state.apply({ kind: 'verify-started', blobs: 3, bytes: 30 * MIB }, 0);
    state.apply({ kind: 'verify-progress', digest: first, readBytes: 4 * MIB }, 1000);
    state.apply({ kind: 'verify-progress', digest: second, readBytes: 4 * MIB }, 2000);
    state.apply({ kind: 'blob-verified', digest: first, bytes: 6 * MIB }, 4000);
    expect(describeAmounts(state.snapshot(4000))).toEqual([
      '10.5 of 31.5 MB',
      '2.6 MB/s',
      '8 s left',
      '1 of 3 blobs',
    ]);
  });

  it('show how long they take when there is nothing else to show', () => {
    const state = new ProgressState(0);
    expect(describeAmounts(state.snapshot(1900))).toEqual([]);
    expect(describeAmounts(state.snapshot(65_000))).toEqual(['1 min 05 s']);
  });
});

it('starts again with another image, except for the retries', () => {
  const state = applyAll([upload(1, 10), start(first, 10), finish(first, 10)]);
  state.applyCall({ kind: 'retry', operation: 'PutImage', attempt: 1, delayMs: 1, reason: 'x' }, 0);
  state.startImage(5000);
  expect(state.snapshot(5000)).toMatchObject({ phase: 'read', doneBytes: 0, items: 0, retries: 1 });
});
