import { runPool } from '../../../async/pool.ts';
import { listImagePages } from '../../../ecr/images.ts';
import { EcrpError } from '../../../errors.ts';
import { type Digest, isDigest } from '../../../oci/digest.ts';
import type { ConnectedRepository } from '../push/connect-repository.ts';
import type { PushRun } from '../push/push-run.ts';
import type { TargetTags } from './sort-tags.ts';

/** For more tags than this, the API lists all images, a thousand in one call. */
const MOST_QUESTIONS = {
  /** The registry answers one anonymous question a second. */
  public: 8,
  private: 50,
};
/** A question has a time limit, which waiting for others must not use up. */
const MOST_AT_ONCE = 8;

/** Finds out where the tags point in the target. What it cannot find out is `unknown`. */
export async function findTargetTags(
  { context, session }: PushRun,
  { target, finder, memory, chosen }: ConnectedRepository,
  tags: readonly string[],
): Promise<TargetTags> {
  const { signal } = context.io;
  if (tags.length > MOST_QUESTIONS[chosen.privateRegistry === undefined ? 'public' : 'private']) {
    const address = await finder.findAddress();
    const listed = address && (await listReferences(listImagePages(session.client, address, signal)));
    if (listed !== undefined) memory?.learn(listed);
  }
  const found = new Map<string, Digest | undefined | 'unknown'>();
  await runPool(tags, MOST_AT_ONCE, signal, async (tag, inner) => {
    found.set(tag, target.glanceAtTag ? await target.glanceAtTag(tag, inner) : 'unknown');
  });
  return found;
}

/** The digest of each tag, and of each digest itself. Undefined if the caller may not list them. */
async function listReferences(
  pages: ReturnType<typeof listImagePages>,
): Promise<ReadonlyMap<string, Digest> | undefined> {
  const found = new Map<string, Digest>();
  try {
    for await (const page of pages) {
      for (const { imageDigest, imageTags } of page) {
        if (isDigest(imageDigest))
          for (const name of [imageDigest, ...imageTags]) found.set(name, imageDigest);
      }
    }
  } catch (error) {
    if (!(error instanceof EcrpError)) throw error;
    // The repository does not exist yet.
    if (error.code === 'NOT_FOUND') return found;
    if (error.code === 'AUTH') return undefined;
    throw error;
  }
  return found;
}
