import type { ImageTarget, PutAnswer } from '../../ends/image-target.ts';
import { EcrpError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import type { TagLocator } from './locate-tags.ts';

/**
 * Makes PutImage tell an immutable tag that is on the image already, which is a success, from one on another image. The service calls both
 * ImageTagAlreadyExistsException, or ImageAlreadyExistsException (aws/containers-roadmap#2179, aws/aws-sdk#750), so the digests decide.
 * Throws CONFLICT, naming both digests, for a tag that does not move. `repository`: for hints.
 */
export function respectImmutableTags(
  put: ImageTarget['putManifest'],
  { locateTag, recall }: TagLocator,
  repository: string,
): ImageTarget['putManifest'] {
  return async (manifest, signal) => {
    const { tag, digest } = manifest;
    if (tag === undefined) return put(manifest, signal);
    const answer = await put(manifest, signal).catch(keepTagRefusal);
    const isRefused = answer instanceof EcrpError;
    if (!isRefused && (answer.kind !== 'unchanged' || recall(tag) === digest)) return answer;
    const before = recall(tag);
    const current = await locateTag(tag, signal).catch((error: unknown) => {
      // Without permission to ask, the service's word has to do.
      if (error instanceof EcrpError && error.code === 'AUTH') return isRefused ? undefined : digest;
      throw error;
    });
    if (current === digest) {
      // An attempt whose answer was lost has put it.
      return before === undefined ? { kind: 'put', registryId: undefined } : { kind: 'unchanged' };
    }
    if (current !== undefined) throw explainKept(tag, current, digest, repository, answer);
    if (isRefused) throw answer;
    return answer;
  };
}

function keepTagRefusal(error: unknown): EcrpError {
  if (error instanceof EcrpError && error.awsError === 'ImageTagAlreadyExistsException') return error;
  throw error;
}

function explainKept(
  tag: string,
  current: Digest,
  digest: Digest,
  repository: string,
  answer: PutAnswer | EcrpError,
): EcrpError {
  const { operation = 'PutImage', awsError, requestId } = answer instanceof EcrpError ? answer : {};
  return new EcrpError(
    'CONFLICT',
    `the tag ${tag} is on ${current}, and its repository does not let it move to the image to push, ${digest}`,
    {
      hint: `Push it under another tag, or remove the tag first: 'ecrp image untag ${repository}:${tag}'.`,
      operation,
      awsError,
      requestId,
    },
  );
}
