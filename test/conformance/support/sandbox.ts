import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runBuiltCli } from '../../support/cli.ts';
import { endWithTests } from '../../support/end-with-tests.ts';
import { type Ended, runProgram, runToSuccess } from './process.ts';

const ecrpProgram = join(import.meta.dirname, '../../../bin/ecrp.js');

/** Output of `ecrp emulator --json`. */
export interface EmulatorFacts {
  readonly url: string;
  readonly registryHost: string;
  readonly registryId: string;
  readonly registryAlias: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only with `--private-port`. */
  readonly privateUrl?: string;
  /** Likewise. */
  readonly privateRegistryHost?: string;
}

/** The members of the output of `ecrp push --json` that these tests read. */
export interface PushResult {
  readonly reference: string;
  readonly imageDigest: string;
  readonly imageManifestMediaType: string;
  readonly tags: readonly { readonly imageTag: string; readonly status: string }[];
  readonly manifests: readonly { readonly imageDigest: string; readonly status: string }[];
  readonly layers: { total: number; uploaded: number; existing: number; skipped: number };
  readonly bytes: { total: number; uploaded: number; existing: number; resumed: number };
}

/** An emulator in its own process, a directory for all files, and an environment with an empty HOME. */
export class Sandbox {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly emulator: EmulatorFacts;
  readonly #server: ChildProcess;
  readonly #closers: (() => void)[] = [];

  private constructor(directory: string, emulator: EmulatorFacts, server: ChildProcess) {
    this.directory = directory;
    this.emulator = emulator;
    this.#server = server;
    this.env = {
      ...plainEnvironment(directory),
      AWS_ACCESS_KEY_ID: emulator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: emulator.secretAccessKey,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_ECR_PUBLIC: emulator.url,
      ECRP_REGISTRY_HOST: emulator.registryHost,
      ...(emulator.privateUrl !== undefined && { AWS_ENDPOINT_URL_ECR: emulator.privateUrl }),
      ...(emulator.privateRegistryHost !== undefined && {
        ECRP_PRIVATE_REGISTRY_HOST: emulator.privateRegistryHost,
      }),
    };
  }

  static async start(...options: readonly string[]): Promise<Sandbox> {
    const directory = mkdtempSync(join(tmpdir(), 'ecrp-conformance-'));
    for (const name of ['home', 'tmp', 'run']) mkdirSync(join(directory, name), { mode: 0o700 });
    const server = spawn(
      process.execPath,
      [ecrpProgram, 'emulator', '--port', '0', '--json', '--quiet', ...options],
      {
        env: plainEnvironment(directory),
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    endWithTests(server);
    const ended = once(server, 'exit').then(([status]) => {
      throw new Error(`the emulator ended with status ${status} before it was asked anything`);
    });
    const [line] = await Promise.race([once(createInterface(server.stdout), 'line'), ended]);
    ended.catch(() => undefined);
    // The contract of the command line fixes this line. A wrong member fails the first request.
    return new Sandbox(directory, JSON.parse(String(line)) as EmulatorFacts, server);
  }

  /** Registers a function that `close` calls before it removes the files. */
  onClose(close: () => void): void {
    this.#closers.push(close);
  }

  /** Stops the emulator and removes all files. */
  async close(): Promise<void> {
    for (const close of this.#closers) close();
    const ended = once(this.#server, 'exit');
    this.#server.kill('SIGTERM');
    await ended;
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Makes a directory below that of the sandbox. */
  makeDirectory(name: string): string {
    return mkdtempSync(join(this.directory, `${name}-`));
  }

  /** Formats `HOST/alias/repository` plus `:tag` or `@digest`. */
  locate(reference: string): string {
    return `${this.emulator.registryHost}/${this.emulator.registryAlias}/${reference}`;
  }

  run(program: string, ...programArguments: readonly string[]): Promise<Ended> {
    return runToSuccess(program, programArguments, { env: this.env, cwd: this.directory });
  }

  /** Runs a program like `run`, with further variables, input or another directory. Accepts any exit status. */
  tryRun(
    program: string,
    programArguments: readonly string[],
    options: { env?: Record<string, string>; input?: string; cwd?: string } = {},
  ): Promise<Ended> {
    const { env, ...rest } = options;
    return runProgram(program, programArguments, {
      env: { ...this.env, ...env },
      cwd: this.directory,
      ...rest,
    });
  }

  /** Runs the built ecrp in this process. It must succeed. */
  async ecrp(...options: readonly string[]): Promise<Ended> {
    const ended = await this.tryEcrp(options);
    if (ended.status === 0) return ended;
    const command = ['ecrp', ...options].join(' ');
    throw new Error(`${command}\nended with status ${ended.status}\n${ended.stdout}${ended.stderr}`);
  }

  /** Runs ecrp like `ecrp`, but accepts any exit status. */
  tryEcrp(
    options: readonly string[],
    settings: { env?: Record<string, string>; input?: string; cwd?: string } = {},
  ): Promise<Ended> {
    const { env, input, cwd = this.directory } = settings;
    return runBuiltCli(options, {
      env: { ...this.env, ...env },
      cwd,
      ...(input !== undefined && { stdin: input }),
    });
  }

  /** Pushes and returns the result. Creates a missing repository. */
  async push(source: string, ...options: readonly string[]): Promise<PushResult> {
    const { stdout } = await this.ecrp('push', source, ...options, '--create-repo', '--json');
    // The contract of the command line fixes the members.
    return JSON.parse(stdout) as PushResult;
  }

  /** Pushes the standard output of another program. No temporary file can be made. */
  async pushPiped(
    writer: readonly string[],
    reference: string,
    ...options: readonly string[]
  ): Promise<PushResult> {
    const words = ['push', '-', '"$reference"', ...options, '--create-repo', '--json'].join(' ');
    const push = `TMPDIR=/nowhere "$node" "$ecrp" ${words}`;
    // Without it, a failure of the writer, e.g. because its pipe closed early, would go unnoticed.
    const script = `set -o pipefail; node=$1 ecrp=$2 reference=$3; shift 3; "$@" | ${push}`;
    const given = [process.execPath, ecrpProgram, reference, ...writer];
    const { stdout } = await this.run('bash', '-c', script, 'bash', ...given);
    // As above.
    return JSON.parse(stdout) as PushResult;
  }
}

function plainEnvironment(directory: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: join(directory, 'home'),
    TMPDIR: join(directory, 'tmp'),
    XDG_RUNTIME_DIR: join(directory, 'run'),
    LC_ALL: 'C.UTF-8',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
  };
}
