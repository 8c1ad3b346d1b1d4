import type { DerivedBlob, PlannedBlob } from '../ends/blob.ts';
import type { TargetLimits } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { findRoot, type PushPlan } from './plan/push-plan.ts';
import { readThrough } from './read-through.ts';

export interface FoundDigest {
  /** The digest that the image will have. */
  readonly digest: Digest;
  /** The same plan, with the digest of every blob. */
  readonly plan: PushPlan;
}

/**
 * Finds out the digest of an image without sending anything. Layers whose digest is unknown are read and compressed, one after the other.
 * Throws INVALID_INPUT for what turns out to be damaged.
 */
export async function findImageDigest(
  plan: PushPlan,
  limits: TargetLimits,
  signal: AbortSignal,
): Promise<FoundDigest> {
  const contents = new Map<Digest, Content>();
  const blobs: PlannedBlob[] = [];
  for (const blob of plan.blobs) {
    const content = blob.kind === 'derived' ? await deriveContent(blob, limits, signal) : blob.content;
    contents.set(blob.id, content);
    blobs.push(blob.kind === 'derived' ? { ...blob, expected: content } : blob);
  }
  const { digest } = findRoot(plan.buildManifests(contents));
  return { digest, plan: { ...plan, blobs } };
}

/**
 * Checks that the image has the digest that the reference names, before anything is sent. Returns the plan with what that found. Throws
 * INVALID_INPUT when it has another.
 */
export async function checkImageDigest(
  plan: PushPlan,
  expected: Digest | undefined,
  limits: TargetLimits,
  signal: AbortSignal,
): Promise<PushPlan> {
  if (expected === undefined) return plan;
  const found = await findImageDigest(plan, limits, signal);
  if (found.digest === expected) return found.plan;
  const isDerived = plan.blobs.some(
    (blob) => (blob.kind === 'stored' ? blob.again : blob).kind === 'derived',
  );
  throw new EcrpError(
    'INVALID_INPUT',
    `the image to push is ${found.digest}, but the reference names ${expected}`,
    {
      hint: isDerived
        ? 'The digest depends on --compression, --compression-level and --format; leave it out, or push from an OCI layout.'
        : 'Check which image the source holds, or leave the digest out.',
    },
  );
}

/** Reads the blob, unless an earlier push has recorded what it becomes. Throws INVALID_INPUT for one that is damaged. */
export async function deriveContent(
  blob: DerivedBlob,
  limits: TargetLimits,
  signal: AbortSignal,
): Promise<Content> {
  if (blob.expected !== undefined) return blob.expected;
  const content = await readThrough(blob, limits, signal);
  await blob.record(content);
  return content;
}
