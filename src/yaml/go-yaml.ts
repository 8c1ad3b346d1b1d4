import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import { composeTexts, explainComplexity } from './compose-yaml.ts';

/**
 * A value as a Go program has it that reads YAML with sigs.k8s.io/yaml, as Helm and Kubernetes do: integers are `bigint`, other numbers
 * `number`. Keys of maps are texts.
 */
export type GoValue = null | boolean | string | bigint | number | readonly GoValue[] | GoMap;
export type GoMap = ReadonlyMap<string, GoValue>;

/** Far more than a file for people needs. */
const MAX_LEXEMES = 20_000;
/** Aliases count each time. */
const MAX_VALUES = 50_000;
const MAX_DEPTH = 100;
const MAX_FAULTS = 5;

/** Ends a sentence that begins with the name of the file. */
class Unreadable extends Error {}

/**
 * Reads the first document of a YAML text as sigs.k8s.io/yaml 1.6 does, which is YAML 1.1 without numbers to base 60. `yes` is true, `0o17`
 * is 15, of two equal keys the last one counts. The faults are sentences without their subject.
 */
export function readGoYaml(
  text: string,
): { readonly value: GoValue } | { readonly faults: readonly string[] } {
  const tooComplex = explainComplexity(text, MAX_LEXEMES);
  if (tooComplex !== undefined) return { faults: [tooComplex] };
  const { document, explain } = composeTexts(text);
  const faults = document.errors.filter(({ code }) => code !== 'MULTIPLE_DOCS').map(explain);
  if (faults.length > 0) return { faults: faults.slice(0, MAX_FAULTS) };
  const targets = findTargets(document);
  let left = MAX_VALUES;
  const read = (node: unknown, depth: number): GoValue => {
    left -= 1;
    if (left < 0) throw new Unreadable('its aliases stand for too many values');
    if (depth > MAX_DEPTH) throw new Unreadable('it is nested too deeply');
    if (isAlias(node)) return read(resolveAlias(node), depth + 1);
    if (isScalar(node)) return readScalar(node);
    if (isSeq(node)) return node.items.map((item) => read(item, depth + 1));
    if (!isMap(node)) return null;
    const map = new Map<string, GoValue>();
    fill(map, node, depth);
    return map;
  };
  const resolveAlias = (alias: Alias): Node => {
    const target = targets.get(alias);
    if (target === undefined) throw new Unreadable(`it has no anchor before the alias *${alias.source}`);
    return target;
  };
  const fill = (map: Map<string, GoValue>, node: YAMLMap, depth: number): void => {
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      if (isScalar(pair.key) && pair.key.value === '<<' && isPlain(pair.key)) merge(map, pair.value, depth);
      else map.set(formatKey(read(pair.key, depth + 1)), read(pair.value, depth + 1));
    }
  };
  /** Members of a merged map replace earlier ones, also explicit ones. Of several maps the first counts most. */
  const merge = (map: Map<string, GoValue>, given: unknown, depth: number): void => {
    left -= 1;
    if (left < 0 || depth > MAX_DEPTH) throw new Unreadable('its merge keys stand for too many values');
    const node = isAlias(given) ? resolveAlias(given) : given;
    if (isMap(node)) fill(map, node, depth + 1);
    else if (isSeq(node) && node === given) {
      for (const item of node.items.toReversed()) merge(map, item, depth + 1);
    } else throw new Unreadable('what a merge key << names is not a map');
  };
  try {
    return { value: read(document.contents, 0) };
  } catch (error) {
    if (error instanceof Unreadable) return { faults: [error.message] };
    throw error;
  }
}

/** Finds what aliases stand for. `Alias.resolve` walks the whole document each time. */
function findTargets(document: Document.Parsed): ReadonlyMap<Alias, Node> {
  const targets = new Map<Alias, Node>();
  const anchors = new Map<string, Node>();
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target !== undefined) targets.set(node, target);
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

function isPlain({ type, tag }: Scalar): boolean {
  return type === 'PLAIN' && tag === undefined;
}

const TAG = 'tag:yaml.org,2002:';

function readScalar(node: Scalar): GoValue {
  const text = String(node.value ?? '');
  if (/\p{Surrogate}/u.test(text)) throw new Unreadable('an escape in it stands for half a character');
  const { tag } = node;
  if (tag === `${TAG}binary`) throw new Unreadable('the tag !!binary is not supported');
  const isResolved = tag === undefined ? isPlain(node) : /^(int|float|bool|null)$/.test(tag.replace(TAG, ''));
  return isResolved ? resolvePlain(text) : text;
}

const WORDS: ReadonlyMap<string, GoValue> = new Map<string, GoValue>([
  ...spell(true, 'y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'),
  ...spell(false, 'n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'),
  ...spell(null, '', '~', 'null', 'Null', 'NULL'),
  ...spell(Number.NaN, '.nan', '.NaN', '.NAN'),
  ...spell(Number.POSITIVE_INFINITY, '.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'),
  ...spell(Number.NEGATIVE_INFINITY, '-.inf', '-.Inf', '-.INF'),
]);

function spell(value: GoValue, ...words: readonly string[]): readonly (readonly [string, GoValue])[] {
  return words.map((word) => [word, value]);
}

/** Resolves a scalar without quotes. Source: go.yaml.in/yaml/v2 2.4, resolve.go. Timestamps stay texts. */
function resolvePlain(text: string): GoValue {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (/^\.\d+([eE][-+]?\d+)?$/.test(text)) return toFloat(text) ?? text;
  if (!/^[-+\d]/.test(text)) return text;
  const digits = text.replaceAll('_', '');
  const integer = toInteger(digits);
  if (integer !== undefined) return integer;
  const isFloat = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(digits);
  return (isFloat ? toFloat(digits) : undefined) ?? text;
}

/** An `int64`, or a `uint64` without a sign; a leading 0 means base 8. */
function toInteger(text: string): bigint | undefined {
  const [, sign = '', digits] =
    /^([-+]?)(0[xX][\da-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9]\d*)$/.exec(text) ?? [];
  // 2^64 has 64 digits at most; BigInt would take long for millions.
  if (digits === undefined || digits.length > 70) return undefined;
  const magnitude = BigInt(digits.replace(/^0[oO]?(?=[0-7])/, '0o').toLowerCase());
  const value = sign === '-' ? -magnitude : magnitude;
  const most = sign === '' ? 2n ** 64n - 1n : 2n ** 63n - 1n;
  return value <= most && value >= -(2n ** 63n) ? value : undefined;
}

/** Undefined for a number that is too large, which stays a text. */
function toFloat(text: string): number | undefined {
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function formatKey(key: GoValue): string {
  if (key === null || typeof key === 'object') throw new Unreadable('a key in it is not a text');
  return formatGoScalar(key);
}

/** Formats a scalar that becomes a text because its place is for texts. Numbers become a `float32` first. */
export function formatGoScalar(value: boolean | string | bigint | number): string {
  if (typeof value !== 'number') return String(value);
  const single = Math.fround(value);
  if (Number.isNaN(single)) return 'NaN';
  if (!Number.isFinite(single)) return single > 0 ? '+Inf' : '-Inf';
  if (single === 0) return Object.is(single, -0) ? '-0' : '0';
  // The shortest form that gives the same float32: %g with precision -1 and 32 bits.
  for (let precision = 0; precision < 9; precision += 1) {
    const text = single.toExponential(precision);
    if (Math.fround(Number(text)) !== single) continue;
    const [mantissa = '', exponent = ''] = text.split('e');
    const power = Number(exponent);
    if (power < -4 || power >= 6) return `${mantissa}e${power < 0 ? '-' : '+'}${pad(Math.abs(power))}`;
    return formatFixed(mantissa, power);
  }
  return String(single);
}

function pad(power: number): string {
  return String(power).padStart(2, '0');
}

function formatFixed(mantissa: string, power: number): string {
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replaceAll(/[-.]/g, '');
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`;
  const whole = digits.slice(0, power + 1).padEnd(power + 1, '0');
  const rest = digits.slice(power + 1);
  return `${sign}${whole}${rest === '' ? '' : `.${rest}`}`;
}
