import type { Io, Output } from '../io.ts';

/** How results and errors are to be printed, as far as the command line said it. */
export interface OutputStyle {
  readonly json: boolean;
  readonly verbose: boolean;
  /** Every line of standard error is a JSON document of its own: `--progress json`. */
  readonly jsonLines: boolean;
  readonly color: boolean;
}

/**
 * How to print, told from the bare arguments: it is needed for a command line that cannot be parsed as well.
 * What follows `--` belongs to another program.
 */
export function findOutputStyle(argv: readonly string[], io: Io): OutputStyle {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  const mode = own[own.indexOf('--progress') + 1];
  return {
    json: own.includes('--json'),
    verbose: own.includes('-v') || own.includes('--verbose'),
    jsonLines: own.includes('--progress=json') || (own.includes('--progress') && mode === 'json'),
    color: allowsColor(io.stderr, io.env, !own.includes('--no-color')),
  };
}

/** Source of the rules: https://no-color.org, and terminals that call themselves dumb. */
function allowsColor(stream: Output, env: Io['env'], asked: boolean): boolean {
  return asked && stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}
