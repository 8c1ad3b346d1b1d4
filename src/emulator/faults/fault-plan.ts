import type { OperationName } from '../../wire/operations.ts';
import { canHappenTo, type Effect, type FaultRule, type Trigger } from './parse-fault.ts';

/** Says which faults happen to a request. Each rule counts the requests that match it, and no others. */
export class FaultPlan {
  #rules: readonly { readonly rule: FaultRule; readonly fires: () => boolean }[] = [];

  constructor(rules: readonly FaultRule[]) {
    this.replace(rules);
  }

  get rules(): readonly FaultRule[] {
    return this.#rules.map(({ rule }) => rule);
  }

  /** These instead of the rules there are, counting from the start. */
  replace(rules: readonly FaultRule[]): void {
    this.#rules = rules.map((rule) => ({ rule, fires: startTrigger(rule.trigger) }));
  }

  /** Effects for the next request of this operation, in the order of the rules. */
  next(operation: OperationName): readonly Effect[] {
    return this.#rules
      .filter(({ rule }) => rule.operation === operation || rule.operation === '*')
      .filter(({ rule }) => canHappenTo(rule.effect, operation))
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

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function startRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
