import { quoteText } from '../../foreign-text.ts';
import { invalidInput } from '../../oci/json.ts';
import { formatGoScalar, type GoMap, type GoValue } from '../../yaml/go-yaml.ts';
import { PACKAGE_AGAIN } from './find-chart.ts';

/** What Chart.yaml says of a chart. Members are in the order of Helm's `chart.Metadata`; an empty one is absent from the config. */
export interface ChartMetadata {
  readonly name: string;
  readonly home: string;
  readonly sources: readonly string[];
  readonly version: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly maintainers: readonly ChartMaintainer[];
  readonly icon: string;
  readonly apiVersion: string;
  readonly condition: string;
  readonly tags: string;
  readonly appVersion: string;
  readonly deprecated: boolean;
  readonly annotations: ReadonlyMap<string, string>;
  readonly kubeVersion: string;
  readonly dependencies: readonly ChartDependency[];
  readonly type: string;
}

export interface ChartMaintainer {
  readonly name: string;
  readonly email: string;
  readonly url: string;
}

/** A chart that the chart needs. */
export interface ChartDependency {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
  readonly condition: string;
  readonly tags: readonly string[];
  readonly enabled: boolean;
  readonly importValues: readonly GoValue[];
  readonly alias: string;
}

/**
 * Reads metadata from a YAML document as Helm does: names of members in any case, numbers as texts, spaces and invisible characters
 * replaced. `before`: what an earlier document says, and this one may replace. Throws INVALID_INPUT naming `subject` for a value of another
 * kind.
 */
export function readChartMetadata(value: GoValue, subject: string, before?: ChartMetadata): ChartMetadata {
  const map: GoMap = value === null ? new Map() : expectMap(value, subject, 'the document');
  const members = new Members(map, subject, '');
  return {
    name: members.clean('name', before?.name),
    home: members.clean('home', before?.home),
    sources: members.cleanList('sources', before?.sources),
    version: members.text('version', before?.version),
    description: members.clean('description', before?.description),
    keywords: members.cleanList('keywords', before?.keywords),
    maintainers: members.list('maintainers', before?.maintainers, readMaintainer),
    icon: members.clean('icon', before?.icon),
    apiVersion: members.text('apiVersion', before?.apiVersion) || 'v1',
    condition: members.clean('condition', before?.condition),
    tags: members.clean('tags', before?.tags),
    appVersion: members.clean('appVersion', before?.appVersion),
    deprecated: members.flag('deprecated', before?.deprecated),
    annotations: members.texts('annotations', before?.annotations),
    kubeVersion: members.clean('kubeVersion', before?.kubeVersion),
    dependencies: members.list('dependencies', before?.dependencies, readDependency),
    type: members.text('type', before?.type),
  };
}

function readMaintainer(members: Members): ChartMaintainer {
  return { name: members.clean('name'), email: members.clean('email'), url: members.clean('url') };
}

function readDependency(members: Members): ChartDependency {
  return {
    name: members.clean('name'),
    version: members.clean('version'),
    repository: members.clean('repository'),
    condition: members.clean('condition'),
    tags: members.cleanList('tags'),
    enabled: members.flag('enabled'),
    importValues: members.jsonValues('import-values'),
    alias: members.text('alias'),
  };
}

/** The members of a map by name. Without a value, each reader gives `before`, or an empty value. */
class Members {
  readonly #values = new Map<string, GoValue>();
  readonly #subject: string;
  /** Stands before names in messages. */
  readonly #prefix: string;

  constructor(map: GoMap, subject: string, prefix: string) {
    this.#subject = subject;
    this.#prefix = prefix;
    // Go's decoder takes a name in any case, in the order of the JSON, which is sorted.
    for (const name of [...map.keys()].sort()) this.#values.set(name.toLowerCase(), map.get(name) ?? null);
  }

  text(name: string, before = ''): string {
    const value = this.#find(name) ?? null;
    return value === null ? before : this.#toText(value, name);
  }

  clean(name: string, before?: string): string {
    return cleanText(this.text(name, before));
  }

  flag(name: string, before = false): boolean {
    const value = this.#find(name) ?? null;
    if (value === null) return before;
    if (typeof value === 'boolean') return value;
    throw this.#refuse(name, value, 'true or false');
  }

  cleanList(name: string, before?: readonly string[]): readonly string[] {
    if (this.#find(name) === undefined && before !== undefined) return before;
    return this.values(name).map((item, position) =>
      item === null ? '' : cleanText(this.#toText(item, `${name}[${position}]`)),
    );
  }

  /** Values of any kind that JSON has. */
  jsonValues(name: string): readonly GoValue[] {
    const values = this.values(name);
    if (isJson(values)) return values;
    throw this.#refuse(name, values, 'JSON: it has a number that is not finite');
  }

  values(name: string): readonly GoValue[] {
    const value = this.#find(name) ?? null;
    if (value === null) return [];
    if (isList(value)) return value;
    throw this.#refuse(name, value, 'a list');
  }

  list<Item>(
    name: string,
    before: readonly Item[] | undefined,
    read: (members: Members) => Item,
  ): readonly Item[] {
    if (this.#find(name) === undefined && before !== undefined) return before;
    return this.values(name).map((item, position) => {
      const path = `${name}[${position}]`;
      return read(new Members(expectMap(item, this.#subject, path), this.#subject, `${path}.`));
    });
  }

  texts(name: string, before?: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    const value = this.#find(name);
    if (value === undefined && before !== undefined) return before;
    if (value === undefined || value === null) return new Map();
    const map = expectMap(value, this.#subject, this.#prefix + name);
    const texts = new Map(before);
    for (const [key, item] of map) texts.set(key, item === null ? '' : this.#toText(item, `${name}.${key}`));
    return texts;
  }

  #find(name: string): GoValue | undefined {
    return this.#values.get(name.toLowerCase());
  }

  #toText(value: Exclude<GoValue, null>, name: string): string {
    if (typeof value === 'object') throw this.#refuse(name, value, 'a text');
    return formatGoScalar(value);
  }

  #refuse(name: string, value: GoValue, kind: string): Error {
    return refuseKind(this.#subject, this.#prefix + name, value, kind);
  }
}

function isJson(value: GoValue): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (value instanceof Map) return [...value.values()].every(isJson);
  return !isList(value) || value.every(isJson);
}

function isList(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value);
}

function expectMap(value: GoValue, subject: string, path: string): GoMap {
  if (value instanceof Map) return value;
  throw refuseKind(subject, path, value, 'a map');
}

function refuseKind(subject: string, path: string, value: GoValue, kind: string): Error {
  const found =
    value === null
      ? 'empty'
      : typeof value === 'object'
        ? isList(value)
          ? 'a list'
          : 'a map'
        : quoteText(formatGoScalar(value));
  return invalidInput(subject, `${path} is ${found}, not ${kind}`, { hint: PACKAGE_AGAIN });
}

/** Helm's `sanitizeString`: white space becomes spaces, and what Go does not print is dropped. */
function cleanText(text: string): string {
  return text.replaceAll(/\p{White_Space}/gu, ' ').replaceAll(/[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/gu, '');
}
