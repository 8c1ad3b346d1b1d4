import type { ReadManifest } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import { isObject } from '../json.ts';
import type { HttpAnswer } from '../net/send-request.ts';
import { digestOf, isDigest } from '../oci/digest.ts';
import { parseJson } from '../oci/json.ts';
import { MAX_MANIFEST_BYTES } from '../oci/manifest.ts';
import { isAnyManifest, isSchema1 } from '../oci/media-types.ts';
import { readBytes } from './read-answer.ts';

/**
 * Reads the manifest of an answer. Throws UNAVAILABLE when its bytes have another digest than `reference` or than the registry says,
 * `BodyTooLong`, and `UnexpectedStatus` as `readBytes` does.
 * @param reference Tag or digest that was asked for.
 * @param what Names the manifest in messages.
 */
export async function readManifestAnswer(
  answer: HttpAnswer,
  reference: string,
  what: string,
  onProgress: () => void,
): Promise<ReadManifest> {
  const bytes = await readBytes(answer, MAX_MANIFEST_BYTES, onProgress);
  const stated = {
    mediaType: answer.headers['content-type'],
    digest: answer.headers['docker-content-digest']?.toString(),
  };
  return identifyManifest(bytes, reference, stated, what);
}

/** What an answer says of a manifest beside its bytes. */
export interface StatedManifest {
  readonly mediaType: string | undefined;
  readonly digest: string | undefined;
}

/**
 * Finds the digest and the media type of a manifest. Throws UNAVAILABLE when its bytes have another digest than `reference`, or than is
 * stated.
 */
export function identifyManifest(
  bytes: Buffer,
  reference: string,
  stated: StatedManifest,
  what: string,
): ReadManifest {
  const digest = digestOf(bytes);
  const mediaType = findMediaType(stated.mediaType, bytes);
  // Schema 1 is signed, and its digest is that of the part without the signatures.
  const claimed = isDigest(reference) ? reference : isSchema1(mediaType) ? undefined : stated.digest;
  if (claimed === undefined || claimed === digest) return { bytes, digest, mediaType };
  throw new EcrpError('UNAVAILABLE', `${what} has other bytes than its digest ${claimed} says: ${digest}`, {
    hint: 'Check whether a proxy changes answers, then run the command again.',
  });
}

/** Some servers send JSON of any kind as `application/json` or `text/plain`. The document itself may know better. */
function findMediaType(header: string | undefined, bytes: Buffer): string {
  const stated = header?.replace(/;.*$/s, '').trim() ?? '';
  if (isAnyManifest(stated)) return stated;
  try {
    const document = parseJson(bytes, 'the manifest', MAX_MANIFEST_BYTES);
    const own = isObject(document) ? document.mediaType : undefined;
    return typeof own === 'string' && isAnyManifest(own) ? own : stated;
  } catch {
    return stated;
  }
}
