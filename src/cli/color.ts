import type { Io, Output } from '../io.ts';

/** Whether colours may go to a stream. Source of the rules: https://no-color.org, and terminals that call themselves dumb. */
export function allowsColor(stream: Output, env: Io['env'], asked: boolean): boolean {
  return asked && stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}
