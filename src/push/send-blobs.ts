import { runPool } from '../async/pool.ts';
import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { isCreated, isRepositoryMissing } from './create-repository.ts';
import { FillTurns } from './fill-turns.ts';
import { DEFAULT_CONCURRENCY, type PushOptions } from './push-options.ts';
import type { PlannedBlob, PushPlan } from './push-plan.ts';
import { readThrough } from './read-through.ts';
import type { SendOptions } from './send-parts.ts';
import { uploadBlob } from './upload-blob.ts';
import { tellUpload } from './upload-events.ts';

/** Layers of up to so many bytes have two parts at most. */
const SHORT_BYTES = 20 * 1024 * 1024;

/** What is known of the blobs so far, by `PlannedBlob.id`. */
export interface BlobLedger {
  readonly contents: Map<Digest, Content>;
  /** Those that this push has sent. */
  readonly uploaded: Map<Digest, Content>;
  /** How many bytes of these an earlier push had sent. */
  readonly resumedBytes: Map<Digest, number>;
  createdRepository: boolean;
}

/** Asks which blobs the repository has and uploads the others; afterwards the ledger knows the content of all. */
export async function sendMissingBlobs(
  plan: PushPlan,
  options: PushOptions,
  ledger: BlobLedger,
): Promise<void> {
  const { onEvent } = options;
  onEvent?.({ kind: 'phase', phase: 'check' });
  const available = await findAvailable(plan.blobs, options, ledger);
  const missing: PlannedBlob[] = [];
  for (const blob of plan.blobs) {
    const content = findExpected(blob, ledger);
    if (!content || !available.has(content.digest)) {
      missing.push(blob);
      continue;
    }
    if (ledger.contents.has(blob.id)) {
      continue;
    }
    ledger.contents.set(blob.id, content);
    const { id, role } = blob;
    const { digest, size: bytes } = content;
    onEvent?.({ kind: 'blob-finished', id, role, outcome: 'existing', digest, bytes });
  }
  if (!options.dryRun) {
    options.uploads?.discard(plan.blobs.filter((blob) => !missing.includes(blob)));
  }
  checkPresence(missing);
  const queue = orderBlobs(missing);
  const sourceBytes = missing.reduce((sum, blob) => sum + blob.sourceBytes, 0);
  onEvent?.({ kind: 'phase', phase: 'upload', blobs: missing.length, sourceBytes });
  const turns = new FillTurns();
  const lone = findLone(missing);
  await runPool(queue, options.concurrency ?? DEFAULT_CONCURRENCY, options.signal, (blob, signal) =>
    sendBlob(blob, { ...options, signal, turns, partsAhead: blob === lone ? 2 : 1 }, ledger),
  );
}

/**
 * Largest first, as they keep the end waiting longest; before them the smallest. What a quota allows grows from the first call
 * on, and the smallest gets to CompleteLayerUpload long before a large one does.
 */
function orderBlobs(missing: readonly PlannedBlob[]): readonly PlannedBlob[] {
  const largestFirst = missing.toSorted((a, b) => b.sourceBytes - a.sourceBytes);
  return [...largestFirst.slice(-1), ...largestFirst.slice(0, -1)];
}

/**
 * The only blob of more than two parts. No other one is sent in the moments in which its next part is not ready yet, so it is
 * worth the memory of a third. What is being compressed is not: that takes longer than sending it.
 */
function findLone(missing: readonly PlannedBlob[]): PlannedBlob | undefined {
  const [first, ...others] = missing.filter(({ sourceBytes }) => sourceBytes > SHORT_BYTES);
  return first?.content && others.length === 0 ? first : undefined;
}

async function findAvailable(
  blobs: readonly PlannedBlob[],
  { service, createRepository, signal }: PushOptions,
  ledger: BlobLedger,
): Promise<ReadonlySet<Digest>> {
  const digests = blobs.flatMap((blob) => findExpected(blob, ledger)?.digest ?? []);
  try {
    return await service.findAvailable([...new Set(digests)], signal);
  } catch (error) {
    if (!isRepositoryMissing(error) || !createRepository || ledger.createdRepository) {
      throw error;
    }
    ledger.createdRepository = true;
    if (await isCreated(createRepository, signal)) {
      return new Set();
    }
    return service.findAvailable([...new Set(digests)], signal);
  }
}

/** What a blob came out as in this push, else what it is known or remembered to be. */
function findExpected(blob: PlannedBlob, ledger: BlobLedger): Content | undefined {
  return ledger.contents.get(blob.id) ?? blob.expected;
}

function checkPresence(missing: readonly PlannedBlob[]): void {
  const absent = missing.filter((blob) => !blob.present);
  const [first] = absent;
  if (first) {
    const others = absent.length > 1 ? ` and ${absent.length - 1} more` : '';
    throw new EcrpError(
      'INVALID_INPUT',
      `The ${first.role} ${first.id}${others} is neither in the source nor in the repository`,
      { hint: 'Save the image again, with all its layers.' },
    );
  }
}

async function sendBlob(
  blob: PlannedBlob,
  options: PushOptions & Pick<SendOptions, 'turns' | 'partsAhead'>,
  ledger: BlobLedger,
): Promise<void> {
  const { service, partBytes, onEvent, signal } = options;
  const { id, role, sourceBytes } = blob;
  onEvent?.({ kind: 'blob-started', id, role, totalBytes: blob.content?.size, sourceBytes });
  const listeners = tellUpload(id, onEvent);
  const { content, outcome, resumedBytes } = options.dryRun
    ? {
        content: await readThrough(blob, signal, listeners.onProgress),
        outcome: 'uploaded' as const,
        resumedBytes: 0,
      }
    : await uploadBlob(blob, {
        service,
        partBytes,
        turns: options.turns,
        partsAhead: options.partsAhead,
        signal,
        uploads: options.uploads,
        ...listeners,
      });
  const { digest, size } = content;
  ledger.contents.set(id, { digest, size });
  if (outcome === 'uploaded') {
    ledger.uploaded.set(id, { digest, size });
    ledger.resumedBytes.set(id, resumedBytes);
  }
  await blob.record({ digest, size });
  onEvent?.({ kind: 'blob-finished', id, role, outcome, digest, bytes: size });
}
