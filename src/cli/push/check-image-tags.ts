import { describeImages } from '../../ecr/images.ts';
import { EcrpError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { checkTagCount } from '../../push/push-limits.ts';
import type { EcrSession } from '../ecr-session.ts';
import type { RegistryFinder } from './registry-finder.ts';

/**
 * Checks in a dry run that an image can have further tags beside those that it has by now; a push would find that out tag by
 * tag. Throws LIMIT when it cannot. Where nobody may ask about the image, nothing is checked.
 */
export async function checkImageTags(
  { client }: EcrSession,
  finder: RegistryFinder,
  imageDigest: Digest,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const address = await finder.findAddress();
  if (address === undefined || tags.length === 0) return;
  try {
    const [image] = await describeImages(client, address, [{ imageDigest }], signal);
    checkTagCount(new Set([...tags, ...(image?.imageTags ?? [])]).size);
  } catch (error) {
    const isUntold = error instanceof EcrpError && (error.code === 'NOT_FOUND' || error.code === 'AUTH');
    if (!isUntold) throw error;
  }
}
