import { ProgressState } from '../../../../src/cli/progress/state.ts';
import type { PushEvent } from '../../../../src/engine/events.ts';
import type { Digest } from '../../../../src/oci/digest.ts';

export const MIB = 1024 * 1024;

export function upload(blobs: number, sourceBytes: number): PushEvent {
  return { kind: 'phase', phase: 'upload', blobs, sourceBytes };
}

export function start(id: Digest, totalBytes: number | undefined, sourceBytes = totalBytes ?? 0): PushEvent {
  return { kind: 'blob-started', id, role: 'layer', totalBytes, sourceBytes };
}

export function progress(id: Digest, acknowledgedBytes: number, estimatedBytes?: number): PushEvent {
  return { kind: 'blob-progress', id, acknowledgedBytes, estimatedBytes };
}

export function finish(id: Digest, bytes: number, outcome: 'uploaded' | 'existing' = 'uploaded'): PushEvent {
  return { kind: 'blob-finished', id, role: 'layer', outcome, digest: id, bytes };
}

/** The state after the events, the first at 0 and then one each `stepMs`. */
export function applyAll(events: readonly PushEvent[], stepMs = 1000): ProgressState {
  const state = new ProgressState(0);
  events.forEach((event, index) => {
    state.apply(event, index * stepMs);
  });
  return state;
}
