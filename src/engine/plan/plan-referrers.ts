import type { Referrer } from '../../ends/image-source.ts';
import { EcrpError } from '../../errors.ts';
import type { PushPlan } from './push-plan.ts';
import { type Walk, walkTravelling } from './walk-manifests.ts';

/** More than this many problems are only counted. */
const MOST_TOLD = 10;

/**
 * Adds to a plan what refers to its manifests. One that cannot be pushed is left behind, because the image is whole without it: a warning says
 * so. The same goes for one whose subject is not pushed, such as the signature of an index when only one of its platforms is pushed.
 */
export async function planReferrers(
  walk: Walk,
  referrers: readonly Referrer[],
): Promise<Pick<PushPlan, 'warnings' | 'notes'>> {
  const taken: Referrer[] = [];
  const strangers: Referrer[] = [];
  const problems: string[] = [];
  for (const referrer of referrers) {
    const { root, subject, kind } = referrer;
    if (walk.manifests.has(root.digest)) continue;
    if (!walk.manifests.has(subject)) {
      strangers.push(referrer);
      continue;
    }
    const problem = await tryReferrer(walk, referrer);
    if (problem === undefined) taken.push(referrer);
    else problems.push(`left behind: the ${kind} ${root.digest}: ${problem}`);
  }
  const more = problems.length - MOST_TOLD;
  return {
    warnings: [
      ...problems.slice(0, MOST_TOLD),
      ...(more > 0 ? [`left behind: ${more} more that refer to the image`] : []),
      ...(strangers.length > 0
        ? [`left behind: ${strangers.length} that refer to what is not pushed (${listKinds(strangers)})`]
        : []),
    ],
    notes: taken.length > 0 ? [`Pushed with the image, as they refer to it: ${countKinds(taken)}.`] : [],
  };
}

/** Returns what is wrong with the referrer, which then leaves nothing in the walk. */
async function tryReferrer(walk: Walk, { root }: Referrer): Promise<string | undefined> {
  const { blobs, sizes, manifests, doubts, skipped } = walk;
  const tables = [blobs, sizes, manifests, doubts, skipped].map((table) => ({ table, before: table.size }));
  try {
    await walkTravelling(walk, root, 'after');
    return undefined;
  } catch (error) {
    if (!(error instanceof EcrpError) || !['INVALID_INPUT', 'LIMIT'].includes(error.code)) throw error;
    for (const { table, before } of tables) {
      for (const added of [...table.keys()].slice(before)) table.delete(added);
    }
    return error.message;
  }
}

function listKinds(referrers: readonly Referrer[]): string {
  return [...new Set(referrers.map(({ kind }) => kind))].join(', ');
}

/** `signature, 2 × SBOM` */
function countKinds(referrers: readonly Referrer[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of referrers) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return Array.from(counts, ([kind, count]) => (count === 1 ? kind : `${count} × ${kind}`)).join(', ');
}
