import type { Content } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { PushPlan } from './push-plan.ts';
import { readThrough } from './read-through.ts';

export interface FoundDigest {
  /** The digest that the image will have. */
  readonly digest: Digest;
  /** The same plan, knowing what every blob comes out as. */
  readonly plan: PushPlan;
}

/**
 * Finds out the digest of an image without sending anything; layers whose digest nothing tells are read and compressed, one
 * after the other. Throws INVALID_INPUT for what turns out to be damaged.
 */
export async function findImageDigest(plan: PushPlan, signal: AbortSignal): Promise<FoundDigest> {
  const contents = new Map<Digest, Content>();
  for (const blob of plan.blobs) {
    let content = blob.content ?? blob.expected;
    if (content === undefined) {
      content = await readThrough(blob, signal);
      await blob.record(content);
    }
    contents.set(blob.id, content);
  }
  const root = plan.buildManifests(contents).at(-1);
  if (root === undefined) {
    throw new TypeError('a plan without a manifest');
  }
  const blobs = plan.blobs.map((blob) => ({ ...blob, expected: contents.get(blob.id) }));
  return { digest: root.digest, plan: { ...plan, blobs } };
}
