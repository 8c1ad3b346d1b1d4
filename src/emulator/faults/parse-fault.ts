import {
  COMMON_EXCEPTIONS,
  type CommonExceptionName,
  EXCEPTIONS,
  type ExceptionName,
} from '../../wire/exceptions.ts';
import { OPERATIONS, type OperationName } from '../../wire/operations.ts';

export type Effect =
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'error'; readonly exception: ExceptionName | CommonExceptionName }
  | { readonly kind: (typeof PLAIN_EFFECTS)[number] };

/** `on`: the nth matching request alone. `every`: each nth. `chance`: with that probability, the same requests for the same seed. */
export type Trigger =
  | { readonly kind: 'on' | 'every'; readonly count: number }
  | { readonly kind: 'chance'; readonly probability: number; readonly seed: number };

export interface FaultRule {
  /** As it was given, with single spaces. */
  readonly text: string;
  /** `*`: every operation that the effect can happen to. */
  readonly operation: OperationName | '*';
  readonly effect: Effect;
  readonly trigger: Trigger;
}

/** Timers of Node count to 24 days and then fire at once. */
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

/** Effects that change an answer or its operation, and whose. */
const onlyFor: Readonly<Record<string, readonly OperationName[]>> = {
  'off-by-one': ['UploadLayerPart'],
  'forget-part': ['UploadLayerPart'],
  'wrong-digest': ['CompleteLayerUpload', 'PutImage'],
};

/** Reads `OPERATION EFFECT [VALUE] [on=N|every=N|p=0.05 seed=7]`. Throws an `Error` that says what is wrong with the rule. */
export function parseFault(rule: string): FaultRule {
  const [operation, name, ...rest] = rule.trim().split(/\s+/);
  if (operation === undefined || name === undefined) {
    throw malformed(rule, 'it must begin with an operation and an effect');
  }
  if (operation !== '*' && !isOperation(operation)) {
    throw malformed(rule, `'${operation}' is no operation of ECR Public and not '*'`);
  }
  const takesValue = name === 'delay' || name === 'error';
  const effect = parseEffect(rule, name, takesValue ? rest.shift() : undefined);
  if (operation !== '*' && !canHappenTo(effect, operation)) {
    throw malformed(rule, `${name} is for ${onlyFor[name]?.join(' and ')}`);
  }
  return { text: rule.trim().replace(/\s+/g, ' '), operation, effect, trigger: parseTrigger(rule, rest) };
}

export function canHappenTo(effect: Effect, operation: OperationName): boolean {
  return onlyFor[effect.kind]?.includes(operation) ?? true;
}

function parseEffect(rule: string, name: string, value: string | undefined): Effect {
  if (name === 'delay') {
    const delayMs = parseNumber(value);
    if (!Number.isSafeInteger(delayMs) || delayMs > MOST_DELAY_MS) {
      throw malformed(rule, 'delay needs a number of milliseconds, a day at most');
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
    throw malformed(rule, `'${name}' is none of the effects delay, error, ${PLAIN_EFFECTS.join(', ')}`);
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
  if (name === undefined) throw malformed(rule, `'${setting}' is none of on=N, every=N, p=P, seed=N`);
  return [name, parseNumber(value)];
}

/** NaN for everything but plain decimal digits. */
function parseNumber(text: string | undefined): number {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

function isOperation(name: string): name is OperationName {
  return Object.hasOwn(OPERATIONS, name);
}

function isException(name: string | undefined): name is ExceptionName | CommonExceptionName {
  return (
    name !== undefined &&
    (Object.hasOwn(EXCEPTIONS, name) || COMMON_EXCEPTIONS.some((common) => common === name))
  );
}

function malformed(rule: string, reason: string): Error {
  return new Error(`fault rule '${rule}': ${reason}`);
}
