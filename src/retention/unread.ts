import { isIndex, OCI_MANIFEST } from '../oci/media-types.ts';
import { hasOwnTag, type KnownLinks } from './links.ts';
import type { RetainableImage, RetentionVerdict } from './rules.ts';

/**
 * Lists the digests of manifests to read before verdicts can be trusted; none if they can. To be asked again with the verdicts that follow.
 * First every index is read, unless nothing goes anyway. Then images that would go, and untagged ones that count among the newest: they
 * may be about another image. Docker's format cannot say that.
 */
export function listUnread(
  images: readonly RetainableImage[],
  verdicts: readonly RetentionVerdict[],
  known: KnownLinks,
): readonly string[] {
  if (!verdicts.some(({ action }) => action === 'delete')) return [];
  const unread = images.filter(({ imageDigest }) => !known.has(imageDigest));
  const indexes = unread.filter(({ mediaType }) => mediaType === undefined || isIndex(mediaType));
  if (indexes.length > 0) return indexes.map(({ imageDigest }) => imageDigest);
  return images.flatMap((image, position) => {
    const { imageDigest, mediaType } = image;
    const verdict = verdicts[position];
    const mayRefer = mediaType === OCI_MANIFEST;
    if (known.has(imageDigest) || !mayRefer || verdict === undefined) return [];
    const isCounted = verdict.reason.kind === 'newest' && !hasOwnTag(image);
    return verdict.action === 'delete' || isCounted ? [imageDigest] : [];
  });
}
