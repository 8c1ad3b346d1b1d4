import { countSourceBytes, findExpected, type OutgoingBlob, type PlannedBlob } from '../ends/blob.ts';
import type { UploadedBlob } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { deriveContent } from './find-digest.ts';
import type { PushPlan } from './plan/push-plan.ts';
import { toUploadSubject, type Uploader } from './uploader.ts';

/** What is known of the blobs so far, by `PlannedBlob.id`. */
export interface BlobLedger {
  readonly contents: Map<Digest, Content>;
  /** The blobs that this push has sent. */
  readonly uploaded: Map<Digest, UploadedBlob>;
}

/** Starts with the layers that were sent while the source arrived. */
export function openLedger({ blobs }: PushPlan): BlobLedger {
  const stored = blobs.filter((blob) => blob.kind === 'stored');
  const uploaded = stored.filter(({ outcome }) => outcome === 'uploaded');
  return {
    contents: new Map(stored.map(({ id, content }) => [id, content])),
    uploaded: new Map(uploaded.map((blob) => [blob.id, blob])),
  };
}

/** Asks which blobs the target has and uploads the others; afterwards the ledger knows the content of all. */
export async function sendMissingBlobs(
  plan: PushPlan,
  uploader: Uploader,
  ledger: BlobLedger,
  signal: AbortSignal,
): Promise<void> {
  const { onEvent } = uploader.settings;
  onEvent({ kind: 'phase', phase: 'check' });
  const missing = await findMissing(plan, uploader, ledger, signal);
  uploader.discardSaved(plan.blobs.filter((blob) => !missing.includes(blob)).map(toUploadSubject));
  const outgoing = requireBytes(missing);
  const sourceBytes = outgoing.reduce((sum, blob) => sum + countSourceBytes(blob), 0);
  onEvent({ kind: 'phase', phase: 'upload', blobs: outgoing.length, sourceBytes });
  await uploader.openGroup(signal).runAll(orderBlobs(outgoing), async (blob, inner) => {
    const uploaded = await uploader.upload(blob, inner);
    ledger.contents.set(blob.id, uploaded.content);
    if (uploaded.outcome === 'uploaded') ledger.uploaded.set(blob.id, uploaded);
  });
}

/** The blobs that the target lacks. Notes the others in the ledger, and reports them once. */
async function findMissing(
  { blobs }: PushPlan,
  uploader: Uploader,
  { contents }: BlobLedger,
  signal: AbortSignal,
): Promise<readonly PlannedBlob[]> {
  const proven = new Map<Digest, Content>();
  const expect = (blob: PlannedBlob): Content | undefined =>
    contents.get(blob.id) ?? proven.get(blob.id) ?? findExpected(blob);
  const digests = blobs.flatMap((blob) => (expect(blob) ?? findStated(blob))?.digest ?? []);
  const available = await uploader.findAvailable([...new Set(digests)], signal);
  const unproven = blobs.flatMap((blob) =>
    blob.kind === 'derived' && !expect(blob) && blob.stated && available.has(blob.stated.digest)
      ? [blob]
      : [],
  );
  await uploader.openGroup(signal).runAll(unproven, async (blob, inner) => {
    proven.set(blob.id, await deriveContent(blob, uploader.settings.target.limits, inner));
  });
  return blobs.filter((blob) => {
    const content = expect(blob);
    if (content === undefined || !available.has(content.digest)) return true;
    if (!contents.has(blob.id)) {
      contents.set(blob.id, content);
      uploader.noteExisting(blob, content);
    }
    return false;
  });
}

function findStated(blob: PlannedBlob): Content | undefined {
  return blob.kind === 'derived' ? blob.stated : undefined;
}

/** Throws INVALID_INPUT when a missing blob is not in the source either. */
function requireBytes(missing: readonly PlannedBlob[]): readonly OutgoingBlob[] {
  const [first, ...others] = missing.filter(({ kind }) => kind === 'absent');
  if (first !== undefined) {
    const more = others.length > 0 ? ` and ${others.length} more` : '';
    throw new EcrpError(
      'INVALID_INPUT',
      `The ${first.role} ${first.id}${more} is neither in the source nor in the repository`,
      { hint: 'Save the image again, with all its layers.' },
    );
  }
  return missing.flatMap((blob) =>
    blob.kind === 'absent' ? [] : blob.kind === 'stored' ? [blob.again] : [blob],
  );
}

/**
 * Largest first, because they keep the end waiting; before them the smallest. What a quota allows grows from the first call on, and the
 * smallest reaches CompleteLayerUpload long before a large one does.
 */
function orderBlobs(blobs: readonly OutgoingBlob[]): readonly OutgoingBlob[] {
  const largestFirst = blobs.toSorted((a, b) => countSourceBytes(b) - countSourceBytes(a));
  return [...largestFirst.slice(-1), ...largestFirst.slice(0, -1)];
}
