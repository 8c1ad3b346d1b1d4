import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithTests } from '../../support/end-with-tests.ts';
import { requireClient } from './clients.ts';
import type { Ended } from './process.ts';
import type { Sandbox } from './sandbox.ts';

const START_MS = 120_000;

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

  /** Starts an engine. Returns the reason if it does not start, e.g. without root or without features of the kernel. */
  static async start(sandbox: Sandbox): Promise<Dockerd | string> {
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
    const deadline = Date.now() + START_MS;
    while (daemon.exitCode === null && Date.now() < deadline) {
      if ((await dockerd.tryDocker(['version'])).status === 0) return dockerd;
      await sleep(100);
    }
    const reason = readFileSync(at('log'), 'utf8').trim().split('\n').at(-1) ?? '';
    await dockerd.close();
    return `dockerd does not start here: ${reason}`;
  }

  /** Runs the docker client with this engine. */
  docker(...options: readonly string[]): Promise<Ended> {
    return this.#sandbox.run(requireClient('docker'), '--host', this.#host, ...options);
  }

  /** Returns the command line that `docker` runs. */
  command(...options: readonly string[]): readonly string[] {
    return [requireClient('docker'), '--host', this.#host, ...options];
  }

  /** Runs the docker client like `docker`, but accepts any exit status. */
  tryDocker(
    options: readonly string[],
    settings: { env?: Record<string, string>; input?: string } = {},
  ): Promise<Ended> {
    return this.#sandbox.tryRun(requireClient('docker'), ['--host', this.#host, ...options], settings);
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

  get #host(): string {
    return `unix://${join(this.#directory, 'sock')}`;
  }
}
