import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { EcrpError } from '../../src/errors.ts';
import type { Io, Output } from '../../src/io.ts';
import { main } from '../../src/main.ts';
import { endWithTests } from './end-with-tests.ts';

const PIPE_BYTES = 64 * 1024;

export interface CliResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as one JSON document. Throws if it is anything else. */
  readonly json: () => Record<string, unknown>;
}

export interface CliSettings {
  /** The whole environment, with a HOME. The CLI gets no variable of the test runner. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string | Buffer;
  readonly signal?: AbortSignal;
  /** Makes standard error a terminal with this number of columns. */
  readonly terminalColumns?: number;
  /** The same for standard output. */
  readonly stdoutColumns?: number;
  /** Is called when standard output gets something. */
  readonly onOutput?: () => void;
  /** Every write to standard output fails, because its reader went away. */
  readonly stdoutIsClosed?: boolean;
  readonly main?: (argv: readonly string[], io: Io) => Promise<number>;
}

/** Runs the CLI in this process. */
export async function runCli(argv: readonly string[], settings: CliSettings = {}): Promise<CliResult> {
  const stdout = captureOutput({
    columns: settings.stdoutColumns,
    onOutput: settings.onOutput,
    isClosed: settings.stdoutIsClosed,
  });
  const stderr = captureOutput({ columns: settings.terminalColumns });
  const io: Io = {
    stdin: Readable.from(cutAsPipe(settings.stdin ?? '')),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: checkHome(settings.env),
    cwd: settings.cwd ?? tmpdir(),
    signal: settings.signal ?? new AbortController().signal,
  };
  const status = await (settings.main ?? main)(argv, io);
  return makeResult(status, stdout.read(), stderr.read());
}

const programs = join(import.meta.dirname, '..', '..', 'bin');

/**
 * Runs the built CLI (`npm run build` first) in this process. A process of its own would spend most of a short command on the start of
 * Node and on compiling. `spawnCli` is for tests of what the process adds: its exit, its signals, its streams and its variables of Node.
 */
export function runBuiltCli(
  argv: readonly string[],
  settings: Omit<CliSettings, 'main'> = {},
): Promise<CliResult> {
  // The build bundles `src/main.ts` into this file.
  const { main } = createRequire(import.meta.url)(
    '../../dist/main.cjs',
  ) as typeof import('../../src/main.ts');
  return runCli(argv, {
    ...settings,
    main: (words, io) => main(words, { ...io, programDirectory: programs }),
  });
}

/** Makes a signal that an interruption aborts, as in the real process. */
export function makeInterruption(error: EcrpError): { signal: AbortSignal; interrupt: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, interrupt: () => controller.abort(error) };
}

/** For `expect.poll`: its default of a second is too short on a busy machine. */
export const patience = { timeout: 150_000 };

/** Starts a built program (`npm run build` first) in an environment of its own. */
export function spawnCli(
  argv: readonly string[],
  settings: Pick<CliSettings, 'env' | 'cwd' | 'stdin'> & {
    readonly program?: string;
    /** Keeps standard input open: the test writes to it and ends it. */
    readonly keepStdinOpen?: boolean;
  } = {},
): { readonly child: ChildProcess; readonly ended: Promise<CliResult> } {
  const child = spawn(process.execPath, [join(programs, settings.program ?? 'ecrp.js'), ...argv], {
    cwd: settings.cwd ?? tmpdir(),
    env: { PATH: process.env.PATH, ...checkHome(settings.env) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  endWithTests(child);
  // A program may end without reading its input.
  child.stdin.on('error', () => undefined);
  child.stdin.write(settings.stdin ?? '');
  if (!settings.keepStdinOpen) child.stdin.end();
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status === null) reject(new Error(`ended by ${signal}: ${Buffer.concat(stderr)}`));
      else resolve(makeResult(status, Buffer.concat(stdout).toString(), Buffer.concat(stderr).toString()));
    });
  });
  return { child, ended };
}

/** Makes a temporary directory with everything that the CLI reads from a home. `remove` removes it. */
export async function makeHome(): Promise<{
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}> {
  const directory = await mkdtemp(join(tmpdir(), 'ecrp-test-'));
  return {
    directory,
    // Keeps tests away from the credentials of a cloud instance.
    env: { HOME: directory, AWS_EC2_METADATA_DISABLED: 'true' },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Without HOME the CLI takes the home of whoever runs the tests: their logins, their credentials, their cache. */
function checkHome(env: CliSettings['env'] = { HOME: '/nonexistent' }): Readonly<Record<string, string>> {
  if (!env.HOME) throw new Error('the environment of a test needs a HOME: take it from makeHome()');
  return env;
}

/** Bytes arrive as from a pipe: never more at once than its 64 KiB. */
function cutAsPipe(input: string | Buffer): readonly Buffer[] {
  const bytes = Buffer.from(input);
  const count = Math.ceil(bytes.length / PIPE_BYTES);
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * PIPE_BYTES, (index + 1) * PIPE_BYTES),
  );
}

function makeResult(status: number, stdout: string, stderr: string): CliResult {
  return {
    status,
    stdout,
    stderr,
    json: () => {
      if (!stdout.endsWith('}\n')) throw new Error(`not one JSON document: ${stdout}\n${stderr}`);
      // The check above ensures an object. Its members are up to the test.
      return JSON.parse(stdout) as Record<string, unknown>;
    },
  };
}

function captureOutput({
  columns,
  onOutput,
  isClosed = false,
}: {
  readonly columns?: number | undefined;
  readonly onOutput?: (() => void) | undefined;
  readonly isClosed?: boolean | undefined;
}): { readonly stream: Output; read(): string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (isClosed) return done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      chunks.push(chunk);
      onOutput?.();
      done();
    },
  });
  // As in the real process: each write reports its own failure.
  stream.on('error', () => undefined);
  if (columns !== undefined)
    Object.assign(
      stream,
      makeTerminal(columns, (text) => stream.write(text)),
    );
  return { stream, read: () => Buffer.concat(chunks).toString() };
}

/** Members of a terminal that a live display uses. They write the usual escape sequences. */
function makeTerminal(columns: number, write: (text: string) => void) {
  return {
    isTTY: true,
    columns,
    cursorTo: (column: number) => write(`\u001b[${column + 1}G`),
    moveCursor: (_: number, rows: number) => write(`\u001b[${Math.abs(rows)}${rows < 0 ? 'A' : 'B'}`),
    clearLine: () => write('\u001b[2K'),
  };
}
