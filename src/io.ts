import type { Readable, Writable } from 'node:stream';

/** Output stream. A terminal has `isTTY`, `columns` and `rows`. */
export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything of the process that `main` may use. So a test can run the whole CLI in-process. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  readonly cwd: string;
  /** Directory of the package's programs, `ecrp.js` and `docker-credential-ecrp.js`. Absent where no program was started. */
  readonly programDirectory?: string | undefined;
  /** Aborted by SIGINT, SIGTERM or SIGHUP. Its reason is an `EcrpError` with code INTERRUPTED. */
  readonly signal: AbortSignal;
  /**
   * Registers a synchronous clean-up for the end of the process, a second signal included. Returns a function that cancels it. Absent in
   * tests that share a process.
   */
  readonly onExit?: (cleanUp: () => void) => () => void;
}
