import type { JsonObject } from '../json.ts';

/**
 * Lists the members of an object that the grammar of a policy does not have, as problems. One that differs in case alone comes with the right
 * spelling.
 * @param what For messages: `a policy`.
 */
export function listUnknownMembers(
  object: JsonObject,
  known: readonly string[],
  what: string,
): readonly string[] {
  return Object.keys(object)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const meant = known.find((each) => each.toLowerCase() === name.toLowerCase());
      const advice = meant === undefined ? '' : `; write ${meant}`;
      return `${JSON.stringify(name.slice(0, 60))} is not a member of ${what}${advice}`;
    });
}
