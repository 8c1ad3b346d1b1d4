import type { ImageTarget } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { PushEvent } from './events.ts';

/** A target, and what tells it of the push. */
export interface RememberingTarget {
  readonly target: ImageTarget;
  /** Notes the blobs that are there now. In a dry run, those that would be. */
  note(event: PushEvent): void;
  /** Takes a whole list of where the tags point and which digests are there. Then nobody is asked for news of them. */
  learn(references: ReadonlyMap<string, Digest>): void;
}

/**
 * Makes a target that remembers what it holds, for images that have blobs and manifests in common: it is asked for each blob once, and gets each
 * untagged manifest once. When it misses something all the same, everything is forgotten, so that the engine's repair asks again.
 */
export function rememberTarget(target: ImageTarget): RememberingTarget {
  const blobs = new Set<Digest>();
  const manifests = new Set<Digest>();
  const glances = new Map<string, ReturnType<NonNullable<ImageTarget['glanceAtTag']>>>();
  let listed: ReadonlyMap<string, Digest> | undefined;
  const { glanceAtTag = async () => 'unknown' as const } = target;
  const findUnknown: ImageTarget['findAvailable'] = async (digests, signal) => {
    try {
      return await target.findAvailable(digests, signal);
    } catch (error) {
      // A dry run does not create the repository, but remembers what it would hold.
      const isMissing = error instanceof EcrpError && error.code === 'NOT_FOUND';
      if (isMissing && blobs.size > 0) return new Set();
      throw error;
    }
  };
  const remembering: ImageTarget = {
    ...target,
    async findAvailable(digests, signal) {
      const unknown = digests.filter((digest) => !blobs.has(digest));
      const found = unknown.length > 0 ? await findUnknown(unknown, signal) : [];
      for (const digest of found) blobs.add(digest);
      return new Set(digests.filter((digest) => blobs.has(digest)));
    },
    async putManifest(manifest, signal) {
      const { digest, tag } = manifest;
      if (tag === undefined && manifests.has(digest)) return { kind: 'unchanged' };
      const answer = await target.putManifest(manifest, signal);
      if (answer.kind === 'missing') {
        blobs.clear();
        manifests.clear();
      } else manifests.add(digest);
      return answer;
    },
    glanceAtTag(tag, signal) {
      const glance = async () => (listed === undefined ? glanceAtTag(tag, signal) : listed.get(tag));
      const known = glances.get(tag) ?? glance();
      glances.set(tag, known);
      return known;
    },
  };
  return {
    target: remembering,
    note(event) {
      if (event.kind === 'blob-finished') blobs.add(event.digest);
    },
    learn(references) {
      listed = references;
    },
  };
}
