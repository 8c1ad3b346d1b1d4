import type { PushPlan } from './push-plan.ts';

// A foreign layer is one that its publisher serves: its descriptor has URLs, and mostly a media type that says so. Microsoft's base images for
// Windows had them until June 2023. Clients fetch them from these URLs, and `docker push` leaves them out by
// default (`--allow-nondistributable-artifacts` of the daemon).

/** A foreign layer that is left out of a push. */
export interface SkippedLayer {
  readonly isInSource: boolean;
}

/** Says how many foreign layers are left out, and what `--foreign-layers` would do. `isWanted`: it is given. */
export function tellForeignLayers(
  skipped: readonly SkippedLayer[],
  isWanted: boolean,
): Pick<PushPlan, 'warnings' | 'notes'> {
  if (skipped.length === 0) return { warnings: [], notes: [] };
  const inSource = skipped.filter(({ isInSource }) => isInSource).length;
  const [count, pronoun] =
    skipped.length === 1 ? ['1 foreign layer', 'it'] : [`${skipped.length} foreign layers`, 'them'];
  const left = `${count} left out, which clients fetch from the publisher`;
  if (isWanted) return { warnings: [`${left}: the source lacks ${pronoun}`], notes: [] };
  const uploads = inSource === skipped.length ? pronoun : `${inSource} of ${pronoun}`;
  const advice = inSource === 0 ? `the source lacks ${pronoun}` : `--foreign-layers uploads ${uploads}`;
  return { warnings: [], notes: [`${left}: ${advice}.`] };
}
