import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { endWithTests } from '../../support/end-with-tests.ts';
import { requireClient } from './clients.ts';
import type { Sandbox } from './sandbox.ts';

/** BuildKit's daemon without a network: it builds from scratch, and runs nothing. All its files are in a temporary directory. */
export class BuildKit {
  readonly #sandbox: Sandbox;
  readonly #directory: string;
  readonly #daemon: ChildProcessByStdio<null, null, Readable>;

  private constructor(
    sandbox: Sandbox,
    directory: string,
    daemon: ChildProcessByStdio<null, null, Readable>,
  ) {
    this.#sandbox = sandbox;
    this.#directory = directory;
    this.#daemon = daemon;
  }

  /** Starts the daemon. Returns the reason if it does not start, e.g. without root. */
  static async start(sandbox: Sandbox): Promise<BuildKit | string> {
    // Not below the sandbox: the path of a socket may have only about a hundred characters.
    const directory = mkdtempSync(join(tmpdir(), 'ecrp-buildkit-'));
    const at = (name: string) => join(directory, name);
    const daemon = spawn(
      requireClient('buildkitd'),
      [
        ...['--root', at('root'), '--addr', `unix://${at('sock')}`, '--otel-socket-path', at('trace')],
        ...['--config', at('none.toml'), '--containerd-worker', 'false', '--cdi-disabled'],
        ...['--oci-worker', 'true', '--oci-worker-binary', requireClient('runc')],
        ...['--oci-worker-snapshotter', 'native', '--oci-worker-net', 'host'],
      ],
      { env: { ...sandbox.env }, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    endWithTests(daemon);
    const buildKit = new BuildKit(sandbox, directory, daemon);
    const last = await waitUntilServing(daemon);
    if (last === undefined) return buildKit;
    await buildKit.close();
    return `buildkitd does not start here: ${last}`;
  }

  /** Builds the `Dockerfile` of a context, and writes the image as `output` says: a value of `buildctl build --output`. */
  async build(context: string, output: string, ...options: readonly string[]): Promise<void> {
    const local = ['--local', `context=${context}`, '--local', `dockerfile=${context}`];
    await this.#sandbox.run(
      requireClient('buildctl'),
      ...['--addr', `unix://${join(this.#directory, 'sock')}`, 'build', '--progress', 'plain'],
      ...['--frontend', 'dockerfile.v0', ...local, '--output', output, ...options],
    );
  }

  async close(): Promise<void> {
    if (this.#daemon.exitCode === null) {
      const ended = once(this.#daemon, 'exit');
      this.#daemon.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Waits until the daemon says that it serves. If it ends instead, returns its last line. */
function waitUntilServing({
  stderr,
}: ChildProcessByStdio<null, null, Readable>): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = '';
    stderr.setEncoding('utf8').on('data', (chunk: string) => {
      // Later lines are read as well, because a full pipe would stop the daemon.
      said = (said + chunk).slice(-10_000);
      if (said.includes('running server on')) resolve(undefined);
    });
    stderr.once('end', () => resolve(said.trim().split('\n').at(-1) ?? ''));
  });
}
