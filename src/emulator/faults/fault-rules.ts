import {
  COMMON_EXCEPTIONS,
  type CommonExceptionName,
  EXCEPTIONS,
  type ExceptionName,
} from '../../wire/exceptions.ts';
import { OPERATIONS } from '../../wire/operations.ts';
import { PRIVATE_EXCEPTIONS, type PrivateExceptionName } from '../../wire/private/exceptions.ts';
import { PRIVATE_OPERATIONS } from '../../wire/private/operations.ts';

/** An exception of either service, or of the layer in front of both. */
type AnyExceptionName = ExceptionName | PrivateExceptionName | CommonExceptionName;

export type Effect =
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'error'; readonly exception: AnyExceptionName }
  | { readonly kind: (typeof PLAIN_EFFECTS)[number] };

/** `on`: only the nth matching request. `every`: each nth. `chance`: with that probability, and the same requests for the same seed. */
export type Trigger =
  | { readonly kind: 'on' | 'every'; readonly count: number }
  | { readonly kind: 'chance'; readonly probability: number; readonly seed: number };

export interface FaultRule {
  /** As given, with single spaces. */
  readonly text: string;
  /** `*`: every operation that the effect applies to. */
  readonly operation: string;
  readonly effect: Effect;
  readonly trigger: Trigger;
}

/** Node's timers count to 24 days. Longer ones fire at once. */
const MOST_DELAY_MS = 24 * 3_600_000;

/** Effects that take no value. */
export const PLAIN_EFFECTS = [
  'throttle',
  'stall',
  'reset-before',
  'reset-after',
  'cut-response',
  'html-503',
  'expired-token',
  'off-by-one',
  'forget-part',
  'wrong-digest',
] as const;

/** The operations that an effect applies to. All others apply to every operation. */
const onlyFor: Readonly<Record<string, readonly string[]>> = {
  'off-by-one': ['UploadLayerPart'],
  'forget-part': ['UploadLayerPart'],
  'wrong-digest': ['CompleteLayerUpload', 'PutImage'],
};

/** Reads `OPERATION EFFECT [VALUE] [on=N|every=N|p=0.05 seed=7]`. Throws an `Error` that names the rule and its problem. */
export function parseFault(rule: string): FaultRule {
  const [operation, name, ...rest] = rule.trim().split(/\s+/);
  if (operation === undefined || name === undefined) {
    throw malformed(rule, 'must begin with an operation and an effect');
  }
  if (operation !== '*' && !isOperation(operation)) {
    throw malformed(
      rule,
      `unknown operation '${operation}' (use an operation of ECR Public or private ECR, or '*')`,
    );
  }
  const takesValue = name === 'delay' || name === 'error';
  const effect = parseEffect(rule, name, takesValue ? rest.shift() : undefined);
  if (operation !== '*' && !appliesTo(effect, operation)) {
    throw malformed(rule, `${name} applies only to ${onlyFor[name]?.join(' and ')}`);
  }
  return { text: rule.trim().replace(/\s+/g, ' '), operation, effect, trigger: parseTrigger(rule, rest) };
}

/** Parses rules. Throws an `Error` as well for a rule about private ECR when that is not served. */
export function parseFaults(rules: readonly string[], servesPrivate: boolean): readonly FaultRule[] {
  return rules.map((text) => {
    const rule = parseFault(text);
    if (servesPrivate || rule.operation === '*' || Object.hasOwn(OPERATIONS, rule.operation)) return rule;
    throw malformed(text, `${rule.operation} is an operation of private ECR: it needs --private-port`);
  });
}

function appliesTo(effect: Effect, operation: string): boolean {
  return onlyFor[effect.kind]?.includes(operation) ?? true;
}

function parseEffect(rule: string, name: string, value: string | undefined): Effect {
  if (name === 'delay') {
    const delayMs = parseNumber(value);
    if (!Number.isSafeInteger(delayMs) || delayMs > MOST_DELAY_MS) {
      throw malformed(rule, 'delay needs a number of milliseconds, at most a day');
    }
    return { kind: 'delay', delayMs };
  }
  if (name === 'error') {
    if (!isException(value))
      throw malformed(rule, `error needs the name of an exception, not '${value ?? ''}'`);
    return { kind: 'error', exception: value };
  }
  const kind = PLAIN_EFFECTS.find((plain) => plain === name);
  if (kind === undefined) {
    throw malformed(rule, `unknown effect '${name}' (known: delay, error, ${PLAIN_EFFECTS.join(', ')})`);
  }
  return { kind };
}

function parseTrigger(rule: string, settings: readonly string[]): Trigger {
  const values = new Map(settings.map((setting) => splitSetting(rule, setting)));
  const names = [...values.keys()].sort().join(' ');
  if (values.size < settings.length) throw malformed(rule, 'a setting is given twice');
  const count = values.get('on') ?? values.get('every') ?? 1;
  const probability = values.get('p') ?? 1;
  const seed = values.get('seed') ?? 1;
  if (!['', 'on', 'every', 'p', 'p seed'].includes(names)) {
    throw malformed(rule, 'on=N, every=N and p=P (with seed=N) exclude each other');
  }
  if (!Number.isSafeInteger(count) || count < 1)
    throw malformed(rule, 'on and every need a whole number from 1');
  if (!(probability <= 1)) throw malformed(rule, 'p needs a number from 0 to 1');
  if (!Number.isSafeInteger(seed)) throw malformed(rule, 'seed needs a whole number');
  if (values.has('p')) return { kind: 'chance', probability, seed };
  return { kind: values.has('on') ? 'on' : 'every', count };
}

function splitSetting(rule: string, setting: string): [string, number] {
  const [, name, value] = /^(on|every|p|seed)=(.*)$/.exec(setting) ?? [];
  if (name === undefined)
    throw malformed(rule, `unknown setting '${setting}' (known: on=N, every=N, p=P, seed=N)`);
  return [name, parseNumber(value)];
}

/** NaN for anything but decimal digits with an optional fraction. */
function parseNumber(text: string | undefined): number {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

function isOperation(name: string): boolean {
  return Object.hasOwn(OPERATIONS, name) || Object.hasOwn(PRIVATE_OPERATIONS, name);
}

function isException(name: string | undefined): name is AnyExceptionName {
  return (
    name !== undefined &&
    (Object.hasOwn(EXCEPTIONS, name) ||
      Object.hasOwn(PRIVATE_EXCEPTIONS, name) ||
      COMMON_EXCEPTIONS.some((common) => common === name))
  );
}

function malformed(rule: string, reason: string): Error {
  return new Error(`fault rule '${rule}': ${reason}`);
}

/** Decides which effects a request gets. Each rule counts only the requests that match it. */
export class FaultPlan {
  /** True when rules may be about private ECR. */
  readonly servesPrivate: boolean;
  #rules: readonly { readonly rule: FaultRule; readonly fires: () => boolean }[] = [];

  constructor(rules: readonly FaultRule[], servesPrivate = false) {
    this.servesPrivate = servesPrivate;
    this.replace(rules);
  }

  get rules(): readonly FaultRule[] {
    return this.#rules.map(({ rule }) => rule);
  }

  /** Replaces all rules. Counters start again. */
  replace(rules: readonly FaultRule[]): void {
    this.#rules = rules.map((rule) => ({ rule, fires: startTrigger(rule.trigger) }));
  }

  /** Returns the effects for the next request of an operation, in the order of the rules. */
  next(operation: string): readonly Effect[] {
    return this.#rules
      .filter(({ rule }) => rule.operation === operation || rule.operation === '*')
      .filter(({ rule }) => appliesTo(rule.effect, operation))
      .filter(({ fires }) => fires())
      .map(({ rule }) => rule.effect);
  }
}

function startTrigger(trigger: Trigger): () => boolean {
  let seen = 0;
  switch (trigger.kind) {
    case 'on':
      return () => ++seen === trigger.count;
    case 'every':
      return () => ++seen % trigger.count === 0;
    case 'chance': {
      const random = startRandom(trigger.seed);
      return () => random() < trigger.probability;
    }
  }
}

/** Returns a generator of numbers in [0, 1) that repeats for the same seed (mulberry32). */
function startRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
