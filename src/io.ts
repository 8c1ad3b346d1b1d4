import type { Readable, Writable } from 'node:stream';

/** An output stream; `isTTY`, `columns` and `rows` are there when it is a terminal. */
export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything of the outside world that `main` may touch, so that a test can run the whole CLI in-process. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  readonly cwd: string;
  /** Aborted by SIGINT, SIGTERM or SIGHUP; its reason is an `EcrpError` with code INTERRUPTED. */
  readonly signal: AbortSignal;
  /**
   * Has something done when the process ends in whatever way it can tell of, a second signal included; it must not wait for anything.
   * Returns what takes that back. Absent where no process ends.
   */
  readonly onExit?: (cleanUp: () => void) => () => void;
}
