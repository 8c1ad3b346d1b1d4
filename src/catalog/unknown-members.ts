import type { Findings, JsonObject } from './findings.ts';

/** Adds a problem for each member that is not among the known ones, with the one that was probably meant. */
export function checkMembers(
  object: JsonObject,
  known: readonly string[],
  prefix: string,
  { problems }: Findings,
): void {
  for (const name of Object.keys(object)) {
    if (known.includes(name)) continue;
    problems.push(`${prefix}${shorten(name)} is not known here; ${suggest(name, known)}`);
  }
}

/** Members of `RepositoryCatalogData`, which the service answers with, that are no input. */
const ANSWERED_ONLY = ['logoUrl', 'marketplaceCertified'];

function suggest(name: string, known: readonly string[]): string {
  if (ANSWERED_ONLY.includes(name)) return 'the service gives it, and it cannot be set';
  const nearest = findNearest(name, known);
  return nearest === undefined ? `known are ${known.join(', ')}` : `did you mean ${nearest}?`;
}

/** The candidate that a name was probably meant to be: another case, a beginning, or a few typing errors away. */
export function findNearest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = simplify(name);
  const beginning = candidates.find(
    (candidate) => wanted.length > 1 && simplify(candidate).startsWith(wanted),
  );
  if (beginning !== undefined) return beginning;
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: measureDistance(wanted, simplify(candidate)) }))
    .sort((left, right) => left.distance - right.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(1, wanted.length / 4) ? best.candidate : undefined;
}

function shorten(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}

function simplify(name: string): string {
  // No known member is longer; the rest would only cost time.
  return name
    .slice(0, 40)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
}

/** Levenshtein distance: how many characters have to be put in, taken out or changed. */
function measureDistance(left: string, right: string): number {
  let distances = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [row, character] of [...left].entries()) {
    const next = [row + 1];
    for (const [column, other] of [...right].entries()) {
      const change = (distances[column] ?? 0) + (character === other ? 0 : 1);
      next.push(Math.min(change, (distances[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    distances = next;
  }
  return distances.at(-1) ?? 0;
}
