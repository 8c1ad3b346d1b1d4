import { isObject } from '../json.ts';

/** A fact of a policy: its meaning as a key that is alike for alike facts, and the fact as written, such as `Action ecr:PutImage`. */
export type Fact = readonly [key: string, shown: string];

/** Facts by their meaning. */
export type Facts = ReadonlyMap<string, string>;

/** What differs between two lists of facts. */
export interface FactChange {
  readonly change: 'added' | 'removed' | 'changed';
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Compares the facts of one part of a policy. Undefined if they mean the same; a part that is absent has no facts at all. */
export function compareFacts(before: Facts | undefined, after: Facts | undefined): FactChange | undefined {
  const added = listMissing(after, before);
  const removed = listMissing(before, after);
  if (before === undefined || after === undefined) {
    if (before === after) return undefined;
    return { change: before === undefined ? 'added' : 'removed', added, removed };
  }
  return added.length + removed.length === 0 ? undefined : { change: 'changed', added, removed };
}

function listMissing(facts: Facts = new Map(), others: Facts = new Map()): readonly string[] {
  return [...facts].filter(([key]) => !others.has(key)).map(([, shown]) => shown);
}

export function makeFact(subject: string, value: string, ignoresCase = false): Fact {
  const shown = `${subject} ${value}`;
  return [ignoresCase ? `${subject} ${value.toLowerCase()}` : shown, shown];
}

/** Formats a value so that the order of members does not matter. Texts, numbers and booleans look alike. */
export function formatFactValue(value: unknown): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(sortMembers(value)) ?? '';
}

function sortMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortMembers);
  if (!isObject(value)) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sortMembers(member)]));
}
