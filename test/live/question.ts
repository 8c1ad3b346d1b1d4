import type { CHOICES } from '../../src/emulator/choices.ts';
import type { LiveAnswer, LiveService } from './live-service.ts';

export type ChoiceName = keyof typeof CHOICES;

/** A value that a report can show. */
export type Shown = string | number | boolean;

/** What the service does, in the words of the choice. */
export interface Finding {
  readonly observed: Shown;
  /** What the emulator does. Default: the value of the choice. */
  readonly expected?: Shown;
}

/** Finds out how the service decides. Rejects if it cannot. */
export type Question = (service: LiveService) => Promise<Finding>;

/** The reason in the frame that the service puts around the constraints of a parameter, or another outcome. */
export function reasonOf(answer: LiveAnswer): string {
  const frame = /^Invalid parameter at '[^']*' failed to satisfy constraint: '(.*)'$/s;
  const [, reason] = answer.code === 'InvalidParameterException' ? (frame.exec(answer.message) ?? []) : [];
  return reason ?? outcomeOf(answer);
}

/** The text of the exception with that name, or another outcome. */
export function textOf(answer: LiveAnswer, code: string): string {
  return answer.code === code ? answer.message : outcomeOf(answer);
}

/** `accepted`, or the exception with its text. */
export function outcomeOf({ code, message }: LiveAnswer): string {
  return code === undefined ? 'accepted' : `${code}: ${message}`;
}
