import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Messages } from '../../../../src/cli/output.ts';
import { createPlainProgress } from '../../../../src/cli/progress/plain.ts';
import type { ShownWait } from '../../../../src/cli/progress/waits.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { finish, MIB, progress, start, upload } from './events.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const first = digestOf('first');
const label = first.slice(7, 19);

function begin(dryRun = false, findWait?: () => ShownWait) {
  const notes: string[] = [];
  const messages: Messages = { note: (line) => notes.push(line), warn() {}, detail() {}, event() {} };
  return { notes, display: createPlainProgress(messages, { name: 'app:1.0', dryRun, findWait }) };
}

it('has a line per blob and one every ten seconds, in every phase, and none after it', () => {
  const { notes, display } = begin();
  vi.advanceTimersByTime(10_000);
  display.show({ kind: 'phase', phase: 'check' });
  vi.advanceTimersByTime(10_000);
  display.show(upload(1, 100 * MIB));
  display.show(start(first, 100 * MIB));
  display.show({ kind: 'blob-resumed', id: first, resumedBytes: 20 * MIB });
  for (let second = 1; second <= 10; second += 1) {
    display.show(progress(first, (20 + 5 * second) * MIB));
    vi.advanceTimersByTime(1000);
  }
  display.showCall({
    kind: 'retry',
    operation: 'UploadLayerPart',
    attempt: 4,
    delayMs: 14_000,
    reason: 'Slow',
  });
  vi.advanceTimersByTime(10_000);
  display.showCall({ kind: 'call', operation: 'UploadLayerPart', ms: 9, attempts: 5 });
  display.show(finish(first, 100 * MIB));
  display.show({ kind: 'phase', phase: 'put', manifests: 2 });
  vi.advanceTimersByTime(10_000);
  display.stop();
  vi.advanceTimersByTime(60_000);
  expect(notes).toEqual([
    'app:1.0: reading, 2 s',
    'app:1.0: reading, 10 s',
    'app:1.0: checking, 2 s, no answer for 2 s',
    'app:1.0: checking, 10 s, no answer for 10 s',
    'app:1.0: 1 blob to upload, 104.9 MB in the source',
    `app:1.0: layer ${label} resumes at 21.0 MB`,
    'app:1.0: uploading, 73.4 of 104.9 MB, 5.8 MB/s, 5 s left, resumed 21.0 MB',
    'app:1.0: uploading, 73.4 of 104.9 MB, 1 retry, resumed 21.0 MB, retrying in 4 s: UploadLayerPart, Slow',
    `app:1.0: layer ${label} uploaded, 104.9 MB`,
    'app:1.0: publishing, 1 retry, 0 of 2 manifests, no answer for 2 s',
    'app:1.0: publishing, 1 retry, 0 of 2 manifests, no answer for 10 s',
  ]);
});

it('says what it waits for two seconds after a phase began, once, unless it said something', () => {
  const { notes, display } = begin(false, () => ({
    what: 'the credential process of the profile build',
    isCall: false,
    waitedMs: 2_000,
    trouble: undefined,
  }));
  display.show({ kind: 'phase', phase: 'check' });
  vi.advanceTimersByTime(9_000);
  display.show(upload(1, 5));
  vi.advanceTimersByTime(900);
  display.stop();
  expect(notes).toEqual([
    'app:1.0: checking, 2 s, waiting for the credential process of the profile build, 2 s',
    'app:1.0: 1 blob to upload, 5 B in the source',
  ]);
});

it('counts the wait for a call from what was heard last, not over all calls that followed each other', () => {
  const { notes, display } = begin(false, () => ({
    what: 'ECR Public (PutImage)',
    isCall: true,
    waitedMs: 21_000,
    trouble: undefined,
  }));
  display.show({ kind: 'phase', phase: 'put', manifests: 1 });
  vi.advanceTimersByTime(3_000);
  display.stop();
  expect(notes).toEqual(['app:1.0: publishing, waiting for ECR Public (PutImage), 2 s']);
});

it('says when a layer restarts, which image it is about, and what is verified', () => {
  const { notes, display } = begin();
  display.startImage({ name: 'app:2.0', position: 2, images: 3 });
  display.show({ kind: 'blob-restarted', id: first, reason: 'resync', nextByte: 5 });
  display.show({ kind: 'blob-restarted', id: first, reason: 'vanished', nextByte: 0 });
  display.show({ kind: 'verify-started', blobs: 2, bytes: 5 * MIB });
  display.stop();
  expect(notes).toEqual([
    'app:2.0: image 2 of 3',
    `app:2.0: layer ${label} restarts from the first byte: the service has lost the upload`,
    'app:2.0: verifying 2 blobs, 5.2 MB',
  ]);
});

it('does not say of a dry run that anything is sent', () => {
  const { notes, display } = begin(true);
  display.show(upload(1, 5));
  display.show(start(first, 5));
  vi.advanceTimersByTime(10_000);
  display.show(finish(first, 5));
  display.stop();
  expect(notes).toEqual([
    'app:1.0: 1 blob to upload, 5 B in the source',
    'app:1.0: reading, 0 of 5 B',
    `app:1.0: layer ${label} to be uploaded, 5 B`,
  ]);
});
