import { isObject, type JsonObject } from '../json.ts';
import { compareFacts, type Fact, type FactChange, type Facts, formatFactValue, makeFact } from './facts.ts';
import { listStatements, type ParsedPolicy } from './policy-text.ts';
import { toPrincipalArn, toPrincipalKey } from './principals.ts';

/** What differs in one statement, or in the policy's own members. Each fact is a line such as `Action ecr-public:PutImage`. */
export interface PolicyChange extends FactChange {
  /** Absent for a statement without one. */
  readonly sid?: string | undefined;
  /** What changed: a statement, or Version and Id of the policy. */
  readonly part: 'policy' | 'statement';
}

/**
 * Compares two policies by meaning. The order of members, statements and lists does not matter, nor do repeated values, one value in
 * place of a list, or how an account and an action are written. Source: IAM user guide, "IAM JSON policy elements reference".
 */
export function comparePolicies(
  before: ParsedPolicy | undefined,
  after: ParsedPolicy | undefined,
): readonly PolicyChange[] {
  const own = compareFacts(before && readOwnFacts(before), after && readOwnFacts(after));
  const pairs = pairStatements(listStatements(before), listStatements(after));
  return [
    ...(own === undefined ? [] : [{ part: 'policy' as const, ...own }]),
    ...pairs.flatMap(([old, young]) => {
      const change = compareFacts(old && readFacts(old), young && readFacts(young));
      const { Sid: sid } = young ?? old ?? {};
      if (change === undefined) return [];
      return [{ part: 'statement' as const, ...change, sid: typeof sid === 'string' ? sid : undefined }];
    }),
  ];
}

/** True if two policies mean the same. */
export function isSamePolicy(one: ParsedPolicy | undefined, other: ParsedPolicy | undefined): boolean {
  return comparePolicies(one, other).length === 0;
}

type Pair = readonly [before: JsonObject | undefined, after: JsonObject | undefined];

/** Pairs the statements that differ: those of one Sid with each other, all others with nothing. */
function pairStatements(before: readonly JsonObject[], after: readonly JsonObject[]): readonly Pair[] {
  const left = dropRepeated(before).filter((old) => !after.some((young) => hasSameMeaning(old, young)));
  const news = dropRepeated(after).filter((young) => !before.some((old) => hasSameMeaning(old, young)));
  const takePartner = ({ Sid: sid }: JsonObject): JsonObject | undefined => {
    const at = sid === undefined ? -1 : left.findIndex(({ Sid }) => Sid === sid);
    return at === -1 ? undefined : left.splice(at, 1)[0];
  };
  const pairs = news.map((young): Pair => [takePartner(young), young]);
  return [...pairs, ...left.map((old): Pair => [old, undefined])];
}

function dropRepeated(statements: readonly JsonObject[]): JsonObject[] {
  return statements.filter((each, at) => statements.findIndex((other) => hasSameMeaning(each, other)) === at);
}

function hasSameMeaning(one: JsonObject, other: JsonObject): boolean {
  return one.Sid === other.Sid && compareFacts(readFacts(one), readFacts(other)) === undefined;
}

/** A policy without a version has the oldest. */
function readOwnFacts({ Version = '2008-10-17', Statement: _, ...others }: ParsedPolicy): Facts {
  return new Map(
    Object.entries({ Version, ...others }).map(([name, value]) => makeFact(name, formatFactValue(value))),
  );
}

function readFacts(statement: JsonObject): Facts {
  return new Map(
    Object.entries(statement).flatMap(([name, value]) => {
      if (name === 'Sid') return [];
      if (/^(Not)?Principal$/.test(name)) return listPrincipalFacts(name, value);
      if (/^(Not)?Action$/.test(name)) return listValues(value).map((each) => makeFact(name, each, true));
      return name === 'Condition' && isObject(value)
        ? listConditionFacts(value)
        : [makeFact(name, formatFactValue(value))];
    }),
  );
}

/** `"*"` means `{"AWS": "*"}`. */
function listPrincipalFacts(name: string, value: unknown): readonly Fact[] {
  return Object.entries(isObject(value) ? value : { AWS: value }).flatMap(([kind, names]) =>
    listValues(names).map((each): Fact => {
      const subject = `${name} ${kind}`;
      return kind === 'AWS'
        ? [`${subject} ${toPrincipalKey(each)}`, `${subject} ${toPrincipalArn(each)}`]
        : makeFact(subject, each);
    }),
  );
}

/** Keys of conditions ignore case. Their values are texts, whether written as texts, numbers or booleans. */
function listConditionFacts(condition: JsonObject): readonly Fact[] {
  return Object.entries(condition).flatMap(([operator, tests]) => {
    if (!isObject(tests)) return [makeFact(`Condition ${operator}`, formatFactValue(tests))];
    return Object.entries(tests).flatMap(([key, values]) =>
      listValues(values).map((each): Fact => {
        const subject = `Condition ${operator}`;
        return [`${subject} ${key.toLowerCase()} ${each}`, `${subject} ${key} ${each}`];
      }),
    );
  });
}

/** An empty list is a value of its own: it is not the same as an absent member. */
function listValues(value: unknown): readonly string[] {
  return Array.isArray(value) && value.length > 0 ? value.map(formatFactValue) : [formatFactValue(value)];
}
