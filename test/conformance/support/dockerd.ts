import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { endWithTests } from '../../support/end-with-tests.ts';
import { requireClient } from './clients.ts';
import type { Ended } from './process.ts';
import type { Sandbox } from './sandbox.ts';

/** A Docker engine without a service manager or a network. All its files are in a temporary directory. */
export class Dockerd {
  readonly #sandbox: Sandbox;
  readonly #directory: string;
  readonly #daemon: ChildProcess;

  private constructor(sandbox: Sandbox, directory: string, daemon: ChildProcess) {
    this.#sandbox = sandbox;
    this.#directory = directory;
    this.#daemon = daemon;
  }

  /**
   * Starts an engine, with further options. Returns the reason if it does not start, e.g. without root or without features of the kernel.
   */
  static async start(sandbox: Sandbox, options: readonly string[] = []): Promise<Dockerd | string> {
    // Not below the sandbox: the path of a socket may have only about a hundred characters.
    const directory = mkdtempSync(join(tmpdir(), 'ecrp-dockerd-'));
    const at = (name: string) => join(directory, name);
    writeFileSync(at('daemon.json'), '{}');
    const daemon = spawn(
      requireClient('dockerd'),
      [
        ...['--host', `unix://${at('sock')}`, '--data-root', at('data'), '--exec-root', at('exec')],
        ...['--pidfile', at('pid'), '--config-file', at('daemon.json'), '--storage-driver', 'vfs'],
        ...[
          '--bridge=none',
          '--iptables=false',
          '--ip6tables=false',
          '--ip-forward=false',
          '--ip-masq=false',
        ],
        ...options,
      ],
      {
        env: { ...sandbox.env, PATH: `${sandbox.env.PATH}:/usr/sbin:/sbin` },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    endWithTests(daemon);
    const log = createWriteStream(at('log'));
    daemon.stdout.pipe(log);
    daemon.stderr.pipe(log);
    const dockerd = new Dockerd(sandbox, directory, daemon);
    if ((await isListening(daemon)) && (await dockerd.tryDocker(['version'])).status === 0) return dockerd;
    const reason = readFileSync(at('log'), 'utf8').trim().split('\n').at(-1) ?? '';
    await dockerd.close();
    return `dockerd does not start here: ${reason}`;
  }

  /** Runs the docker client with this engine. */
  docker(...options: readonly string[]): Promise<Ended> {
    return this.#sandbox.run(requireClient('docker'), '--host', this.host, ...options);
  }

  /** Returns the command line that `docker` runs. */
  command(...options: readonly string[]): readonly string[] {
    return [requireClient('docker'), '--host', this.host, ...options];
  }

  /** Runs the docker client like `docker`, but accepts any exit status. */
  tryDocker(
    options: readonly string[],
    settings: { env?: Record<string, string>; input?: string } = {},
  ): Promise<Ended> {
    return this.#sandbox.tryRun(requireClient('docker'), ['--host', this.host, ...options], settings);
  }

  async close(): Promise<void> {
    if (this.#daemon.exitCode === null) {
      const ended = once(this.#daemon, 'exit');
      this.#daemon.kill('SIGTERM');
      await ended;
    }
    // The engine mounts its data directory and does not always unmount it.
    await this.#sandbox.tryRun('umount', ['--lazy', join(this.#directory, 'data')]);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** For `DOCKER_HOST`. */
  get host(): string {
    return `unix://${join(this.#directory, 'sock')}`;
  }
}

/** Waits until the engine says that it listens. False if it ends instead. */
function isListening(daemon: ChildProcessByStdio<null, Readable, Readable>): Promise<boolean> {
  return new Promise((resolve) => {
    let said = '';
    const read = (chunk: Buffer): void => {
      said += chunk;
      if (!said.includes('API listen on')) return;
      daemon.stderr.off('data', read);
      resolve(true);
    };
    daemon.stderr.on('data', read);
    daemon.once('exit', () => resolve(false));
  });
}
