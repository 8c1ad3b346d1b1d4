import { randomUUID } from 'node:crypto';
import type { LayerPart, PartAnswer, PushService } from '../../src/ecr/push-service.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';

/** The operations as functions. `LayerPart.upload` calls `uploadPart`. */
export interface Operations extends Omit<PushService, 'createPart'> {
  uploadPart(
    uploadId: string,
    start: number,
    bytes: Buffer,
    signal: AbortSignal,
    onHandedOver?: () => void,
  ): Promise<PartAnswer>;
}

/** Service in memory, as strict as the real one, with parts as small as one byte. */
export type FakeService = PushService & FakeState;

export interface FakeState {
  readonly blobs: Map<Digest, Buffer>;
  readonly images: Map<Digest, Buffer>;
  readonly tags: Map<string, Digest>;
  /** Every call, in order: `initiate`, `part 0-3`, `complete`, `put latest`, …; and `begin 3`, `give up 3` for a part before its turn. */
  readonly log: string[];
  /** Most calls in flight. */
  mostRunning: number;
}

export type Overrides = Partial<Operations>;

/** Makes an empty service. `change` gets its functions and may replace some of them. */
export function fakeService(
  partSize: number,
  change: (truth: Operations, state: FakeState) => Overrides = () => ({}),
): FakeService {
  const uploads = new Map<string, Buffer[]>();
  const blobs = new Map<Digest, Buffer>();
  const images = new Map<Digest, Buffer>();
  const tags = new Map<string, Digest>();
  const log: string[] = [];
  let running = 0;

  const truth: Operations = {
    findAvailable: async (digests) => {
      log.push(`check ${digests.length}`);
      return new Set(digests.filter((digest) => blobs.has(digest)));
    },
    initiateUpload: async () => {
      log.push('initiate');
      const uploadId = randomUUID();
      uploads.set(uploadId, []);
      return { uploadId, partSize };
    },
    uploadPart: async (uploadId, start, bytes) => {
      log.push(`part ${start}-${start + bytes.length}`);
      await Promise.resolve();
      const parts = uploads.get(uploadId);
      if (!parts) return { kind: 'vanished' };
      const nextByte = countBytes(parts);
      // `upload` reads this refusal like this: all bytes of the part are there, so only the answer was lost.
      if (start !== nextByte)
        return { kind: start + bytes.length <= nextByte ? 'accepted' : 'resync', nextByte };
      parts.push(bytes);
      return { kind: 'accepted', nextByte: nextByte + bytes.length };
    },
    completeUpload: async (uploadId, digest) => {
      log.push('complete');
      const parts = uploads.get(uploadId);
      if (!parts) return { kind: 'vanished' };
      const bytes = Buffer.concat(parts);
      if (digestOf(bytes) !== digest) return { kind: 'mismatch' };
      uploads.delete(uploadId);
      blobs.set(digest, bytes);
      return { kind: 'stored' };
    },
    putImage: async ({ bytes, digest, tag }) => {
      log.push(`put ${tag ?? '-'}`);
      const unchanged = images.has(digest) && (tag === undefined || tags.get(tag) === digest);
      images.set(digest, bytes);
      if (tag !== undefined) tags.set(tag, digest);
      return unchanged ? { kind: 'unchanged' } : { kind: 'put', registryId: '123456789012' };
    },
  };
  const state = { blobs, images, tags, log, mostRunning: 0 };
  const counted =
    <Arguments extends unknown[], Result>(call: (...given: Arguments) => Promise<Result>) =>
    async (...given: Arguments): Promise<Result> => {
      running += 1;
      state.mostRunning = Math.max(state.mostRunning, running);
      try {
        return await call(...given);
      } finally {
        running -= 1;
      }
    };
  const changed = { ...truth, ...change(truth, state) };
  return Object.assign(state, {
    findAvailable: counted(changed.findAvailable),
    initiateUpload: counted(changed.initiateUpload),
    createPart: (capacity: number) => makePart(capacity, counted(changed.uploadPart), log),
    completeUpload: counted(changed.completeUpload),
    putImage: counted(changed.putImage),
  });
}

/** Makes `uploadPart` give these answers for these calls, counted from 1. Other calls get the true answer. */
export function answerParts(truth: Operations, answers: Readonly<Record<number, PartAnswer>>): Overrides {
  let calls = 0;
  return {
    uploadPart: (...given) => {
      calls += 1;
      const answer = answers[calls];
      return answer ? Promise.resolve(answer) : truth.uploadPart(...given);
    },
  };
}

/** Makes `uploadPart` take a part some time before it answers. `answers` are those of `answerParts`. */
export function handOver(answers: Parameters<typeof answerParts>[1] = {}) {
  return (truth: Operations) => {
    const { uploadPart = truth.uploadPart } = answerParts(truth, answers);
    return {
      uploadPart: async (...given: Parameters<Operations['uploadPart']>) => {
        const answer = uploadPart(...given);
        await new Promise((resolve) => setImmediate(resolve));
        given[4]?.();
        await new Promise((resolve) => setImmediate(resolve));
        return answer;
      },
    };
  };
}

/** Part that keeps its bytes. Throws if a caller breaks its rules. */
function makePart(capacity: number, upload: Operations['uploadPart'], log: string[]): LayerPart {
  let chunks: Buffer[] = [];
  let state: 'filling' | 'in flight' | 'sent' | 'released' = 'filling';
  let begunAt: number | undefined;
  const expectState = (...allowed: (typeof state)[]): void => {
    if (!allowed.includes(state)) throw new Error(`the part is ${state}`);
  };
  const giveUp = (): void => {
    if (begunAt !== undefined) log.push(`give up ${begunAt}`);
    begunAt = undefined;
  };
  const part: LayerPart = {
    get size() {
      return countBytes(chunks);
    },
    append: (bytes) => {
      expectState('filling');
      const taken = bytes.subarray(0, capacity - countBytes(chunks));
      chunks.push(Buffer.from(taken));
      return taken.length;
    },
    begin: (_uploadId, start) => {
      expectState('filling');
      begunAt = start;
      log.push(`begin ${start}`);
    },
    upload: async (uploadId, start, signal, onHandedOver) => {
      expectState('filling', 'sent');
      if (start === begunAt) begunAt = undefined;
      giveUp();
      state = 'in flight';
      try {
        return await upload(uploadId, start, Buffer.concat(chunks), signal, onHandedOver);
      } finally {
        state = 'sent';
      }
    },
    clear: () => {
      expectState('filling', 'sent');
      giveUp();
      chunks = [];
      state = 'filling';
    },
    release: () => {
      expectState('filling', 'sent');
      giveUp();
      state = 'released';
    },
  };
  return part;
}

function countBytes(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
