import { withDeadline } from '../../async/abort.ts';
import type { ImageTarget } from '../../ends/image-target.ts';
import { EcrpError } from '../../errors.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import { describeImages } from '../images.ts';
import { getImage, type ReadPlace } from './source/get-image.ts';

/** Longest wait for one tag that only tells created from moved tags. */
const GLANCE_MS = 10_000;

/** Where tags point, by the API: anonymous reading is unknown to private ECR. */
export interface TagLocator {
  readonly locateTag: ImageTarget['locateTag'];
  /** Also believes what was found out before in the same push. */
  readonly glanceAtTag: NonNullable<ImageTarget['glanceAtTag']>;
  /** The last answer about a tag; `unknown` without one. Sends nothing. */
  recall(tag: string): Digest | undefined | 'unknown';
  /** Notes what another question found out. */
  note(tag: string, found: Digest | undefined): void;
}

/** Makes what finds out where the tags of a repository point. `retryBudgetMs`: `--retry-budget`, which shortens the wait for news. */
export function createTagLocator(place: ReadPlace, retryBudgetMs = GLANCE_MS): TagLocator {
  const known = new Map<string, Digest | undefined>();
  const locateTag: TagLocator['locateTag'] = async (tag, signal) => {
    const found = await askForTag(place, tag, signal);
    known.set(tag, found);
    return found;
  };
  const recall: TagLocator['recall'] = (tag) => (known.has(tag) ? known.get(tag) : 'unknown');
  return {
    locateTag,
    async glanceAtTag(tag, signal) {
      if (known.has(tag)) return known.get(tag);
      const ask = (inner: AbortSignal) => locateTag(tag, inner);
      return withDeadline(signal, Math.min(GLANCE_MS, retryBudgetMs), ask).catch(() => 'unknown' as const);
    },
    recall,
    note: (tag, found) => known.set(tag, found),
  };
}

/** Undefined: the tag or the repository does not exist. */
async function askForTag(
  place: ReadPlace,
  imageTag: string,
  signal: AbortSignal,
): Promise<Digest | undefined> {
  try {
    return (await getImage(place, imageTag, signal))?.digest;
  } catch (error) {
    if (!(error instanceof EcrpError) || error.code !== 'NOT_FOUND') throw error;
    // The repository is missing, or the image is archived: then it is described, though not given.
    return error.awsError === undefined ? describeTag(place, imageTag, signal) : undefined;
  }
}

async function describeTag(
  { client, address }: ReadPlace,
  imageTag: string,
  signal: AbortSignal,
): Promise<Digest | undefined> {
  const [image] = await describeImages(client, address, [{ imageTag }], signal);
  return isDigest(image?.imageDigest) ? image.imageDigest : undefined;
}
