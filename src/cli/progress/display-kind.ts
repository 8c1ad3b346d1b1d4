import type { Io } from '../../io.ts';
import type { GlobalOptions } from '../global-options.ts';

/** How standard error shows what goes on. */
export type DisplayKind = 'live' | 'plain' | 'json' | 'none';

/** Chooses by the options, the environment and the terminal. */
export function chooseDisplay(
  { stderr, env }: Pick<Io, 'stderr' | 'env'>,
  { progress, quiet = false }: Pick<GlobalOptions, 'progress' | 'quiet'>,
): DisplayKind {
  if (quiet) return 'none';
  if (progress !== 'auto') return progress;
  // Some pseudo-terminals, as of `script` and of CI, say that they have no columns: nothing can be drawn there.
  const isLive = stderr.isTTY === true && stderr.columns !== 0 && env.TERM !== 'dumb' && !env.CI;
  return isLive ? 'live' : 'plain';
}
