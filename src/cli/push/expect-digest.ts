import { EcrpError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { findImageDigest } from '../../push/find-digest.ts';
import type { PushPlan } from '../../push/push-plan.ts';

/**
 * Checks that the image will have the digest that the reference names, before anything is sent; of a docker-archive its layers
 * are compressed for that first. Gives the plan that knows what was found. Throws INVALID_INPUT when it is another.
 */
export async function expectDigest(
  plan: PushPlan,
  expected: Digest | undefined,
  signal: AbortSignal,
): Promise<PushPlan> {
  if (expected === undefined) return plan;
  const found = await findImageDigest(plan, signal);
  if (found.digest === expected) return found.plan;
  const isMade = plan.blobs.some(({ content }) => content === undefined);
  throw new EcrpError(
    'INVALID_INPUT',
    `the image to push is ${found.digest}, but the reference names ${expected}`,
    {
      hint: isMade
        ? 'The digest depends on --compression, --compression-level and --format; leave it out, or push from an OCI layout.'
        : 'Check which image the source holds, or leave the digest out.',
    },
  );
}
