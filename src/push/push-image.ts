import { deriveAbort } from '../async/abort.ts';
import type { Content } from '../oci/descriptor.ts';
import type { PushOptions } from './push-options.ts';
import type { PushPlan } from './push-plan.ts';
import type { PushResult } from './push-result.ts';
import { putManifests } from './put-manifests.ts';
import { type BlobLedger, sendMissingBlobs } from './send-blobs.ts';

/**
 * Pushes a planned image: asks what is there, uploads the missing blobs, puts the manifests, children
 * first, the root with its tags. When the service misses something at the end, everything is checked and sent once more.
 * Throws the signal's reason when aborted; after a failure nothing is running any more.
 */
export async function pushImage(plan: PushPlan, options: PushOptions): Promise<PushResult> {
  const abort = deriveAbort(options.signal);
  const inner = { ...options, signal: abort.signal };
  const lookups = options.tags.map((tag) => ({
    tag,
    previous: options.lookUpTag?.(tag, abort.signal).catch(() => 'unknown' as const),
  }));
  try {
    const ledger = openLedger(plan);
    await sendMissingBlobs(plan, inner, ledger);
    const manifests = plan.buildManifests(ledger.contents);
    const put = await putManifests(manifests, lookups, inner, () => sendMissingBlobs(plan, inner, ledger));
    return {
      ...put,
      layers: {
        total: plan.blobs.length + plan.skippedLayers,
        uploaded: ledger.uploaded.size,
        existing: plan.blobs.length - ledger.uploaded.size,
        skipped: plan.skippedLayers,
      },
      bytes: countBytes(ledger),
    };
  } catch (error) {
    abort.abort(error);
    throw error;
  } finally {
    abort.dispose();
  }
}

/** What was sent while the source arrived is known from the start. */
function openLedger({ blobs }: PushPlan): BlobLedger {
  const sent = blobs.flatMap(({ id, sent }) => (sent ? [{ id, ...sent }] : []));
  const uploaded = sent.filter(({ outcome }) => outcome === 'uploaded');
  return {
    contents: new Map(sent.map(({ id, content }) => [id, content])),
    uploaded: new Map(uploaded.map(({ id, content }) => [id, content])),
    resumedBytes: new Map(uploaded.map(({ id, resumedBytes }) => [id, resumedBytes])),
    createdRepository: false,
  };
}

function countBytes({ contents, uploaded, resumedBytes }: BlobLedger): PushResult['bytes'] {
  const total = sum(contents.values());
  const sent = sum(uploaded.values());
  const resumed = [...resumedBytes.values()].reduce((all, bytes) => all + bytes, 0);
  return { total, uploaded: sent - resumed, existing: total - sent, resumed };
}

function sum(contents: Iterable<Content>): number {
  let bytes = 0;
  for (const { size } of contents) {
    bytes += size;
  }
  return bytes;
}
