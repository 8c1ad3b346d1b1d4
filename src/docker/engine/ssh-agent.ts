import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { Agent, type AgentOptions } from 'node:http';
import { Duplex, type Readable, type Writable } from 'node:stream';
import { quoteForShell } from '../../foreign-text.ts';
import type { Environment } from '../../io.ts';
import type { SshAddress } from './address.ts';

type Ssh = ChildProcessByStdio<Writable, Readable, Readable>;

/** Seconds until ssh gives up connecting, as docker's CLI sets it. */
const CONNECT_SECONDS = 30;
/** Most characters of what ssh says that are kept. */
const MAX_WORDS = 4_000;

/** ssh, or docker on the other machine, ended instead of answering. The message is what they said. */
export class SshFailure extends Error {
  override readonly name = 'SshFailure';
}

/**
 * Reaches an engine as docker's CLI does: `ssh` runs `docker system dial-stdio` on its machine, which connects its standard input and
 * output to the engine (docker/cli, `cli/connhelper`). So ssh's own configuration, keys and questions apply.
 */
export class SshAgent extends Agent {
  readonly #address: SshAddress;
  readonly #env: Environment;
  readonly #children = new Set<Ssh>();

  constructor(address: SshAddress, env: Environment, pool: AgentOptions) {
    super(pool);
    this.#address = address;
    this.#env = env;
  }

  /** Node's hook for a new connection. */
  override createConnection(): Duplex {
    const child = spawn('ssh', makeArguments(this.#address), { env: this.#env, stdio: 'pipe' });
    this.#children.add(child);
    const connection = joinStreams(child);
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-MAX_WORDS);
    });
    child.on('error', (error) =>
      connection.destroy(new SshFailure(`ssh cannot be started: ${error.message}`)),
    );
    child.on('close', (status) => {
      this.#children.delete(child);
      connection.destroy(new SshFailure(lastLine(words) ?? `ssh ended with status ${status}`));
    });
    return connection;
  }

  override destroy(): void {
    super.destroy();
    for (const child of this.#children) child.kill();
  }
}

function makeArguments({ user, port, host, socketPath }: SshAddress): readonly string[] {
  const docker =
    socketPath === undefined ? 'docker' : `docker ${quoteForShell(`--host=unix://${socketPath}`)}`;
  return [
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...['-o', `ConnectTimeout=${CONNECT_SECONDS}`, '-T'],
    // A host cannot be taken for an option.
    ...['--', host, `${docker} system dial-stdio`],
  ];
}

/**
 * Makes one stream of the standard input and output of a process, with the methods of a socket that Node's agent calls. When the output
 * ends, the connection waits for the process: its last words say why it ended.
 */
function joinStreams({ stdin, stdout }: Ssh): Duplex {
  const connection = new Duplex({
    // A process that does not read has ended, or is about to say why.
    write: (chunk, _, done) => void stdin.write(chunk, () => done()),
    final: (done) => void stdin.end(done),
    read: () => void stdout.resume(),
    destroy(error, done) {
      stdin.destroy();
      stdout.destroy();
      done(error);
    },
  });
  stdin.on('error', () => undefined);
  stdout
    .on('error', () => undefined)
    .on('data', (chunk: Buffer) => {
      if (!connection.push(chunk)) stdout.pause();
    });
  const same = () => connection;
  return Object.assign(connection, {
    setKeepAlive: same,
    setNoDelay: same,
    setTimeout: same,
    ref: same,
    unref: same,
  });
}

function lastLine(words: string): string | undefined {
  return words.trim().split('\n').at(-1)?.trim() || undefined;
}
