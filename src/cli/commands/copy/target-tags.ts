import { listImageTagPages } from '../../../ecr/images.ts';
import { EcrpError } from '../../../errors.ts';
import { type Digest, isDigest } from '../../../oci/digest.ts';
import type { ConnectedRepository } from '../push/connect-repository.ts';
import type { PushRun } from '../push/push-run.ts';
import type { TargetTags } from './sort-tags.ts';

/** More tags than this are listed by the API, a thousand in one call. The registry answers one anonymous question a second. */
const MOST_QUESTIONS = 8;

/** Finds out where the tags point in the target. What it cannot find out is `unknown`. */
export async function findTargetTags(
  { context, session }: PushRun,
  { target, finder }: ConnectedRepository,
  tags: readonly string[],
): Promise<TargetTags> {
  const { signal } = context.io;
  if (tags.length > MOST_QUESTIONS) {
    const address = await finder.findAddress();
    const wanted = new Set(tags);
    const listed = address && (await listTags(listImageTagPages(session.client, address, signal), wanted));
    if (listed !== undefined) return listed;
  }
  const glance = async (tag: string) =>
    [tag, (await target.glanceAtTag?.(tag, signal)) ?? 'unknown'] as const;
  return new Map(await Promise.all(tags.map(glance)));
}

/** Undefined if the caller may not list them. */
async function listTags(
  pages: ReturnType<typeof listImageTagPages>,
  wanted: ReadonlySet<string>,
): Promise<TargetTags | undefined> {
  const found = new Map<string, Digest>();
  try {
    for await (const page of pages) {
      for (const { imageTag, imageDetail } of page) {
        const digest = imageDetail?.imageDigest;
        if (wanted.has(imageTag) && isDigest(digest)) found.set(imageTag, digest);
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
