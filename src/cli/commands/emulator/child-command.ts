import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { onAbort } from '../../../async/abort.ts';
import type { Emulator } from '../../../emulator/server.ts';
import { EcrpError } from '../../../errors.ts';
import { describeFileError } from '../../../files/file-errors.ts';
import { quoteForShell } from '../../../foreign-text.ts';
import type { Io } from '../../../io.ts';

/** Variables that would override the emulator's environment, or be sent along with its keys. */
const misleading = [
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
];

/** The time that a command has to end after its terminal has closed. */
const HANGUP_GRACE_MS = 5_000;

/**
 * Runs a command on our standard streams, with `environment` added to ours. Resolves to its exit status, or to 128 + n when signal n ended it, as in
 * shells. Rejects with USAGE when it cannot be started. The command is killed when this process ends.
 */
export async function runCommand(
  io: Io,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  hangupGraceMs = HANGUP_GRACE_MS,
): Promise<number> {
  const [file = '', ...args] = command;
  const inherited = Object.entries(io.env).filter(([name]) => !misleading.includes(name));
  const child = spawn(file, args, {
    cwd: io.cwd,
    // Older versions of the aws CLI read only AWS_DEFAULT_REGION.
    env: { ...Object.fromEntries(inherited), ...environment, AWS_DEFAULT_REGION: environment.AWS_REGION },
    stdio: 'inherit',
  });
  let killer: NodeJS.Timeout | undefined;
  const forward = () => {
    const signal = io.signal.reason instanceof EcrpError ? (io.signal.reason.signal ?? 'SIGTERM') : 'SIGTERM';
    // A terminal sends Ctrl-C to the whole foreground group, the child included.
    const byTerminal = signal === 'SIGINT' && [io.stdin, io.stdout, io.stderr].some((stream) => stream.isTTY);
    if (!byTerminal) child.kill(signal);
    // After a hangup, no user can interrupt the command again.
    if (signal === 'SIGHUP') killer = setTimeout(() => child.kill('SIGKILL'), hangupGraceMs);
  };
  const stopKilling = io.onExit?.(() => child.kill('SIGKILL'));
  const stopForwarding = onAbort(io.signal, forward);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', (cause) => {
        const message = `cannot run ${file}: ${describeFileError(cause)}`;
        reject(new EcrpError('USAGE', message, { hint: 'Check the command after `--`.', cause }));
      });
      child.on('exit', (status, signal) => {
        resolve(signal === null ? (status ?? 1) : 128 + constants.signals[signal]);
      });
    });
  } finally {
    stopForwarding();
    clearTimeout(killer);
    stopKilling?.();
  }
}

type Environment = Readonly<Record<string, string>>;

/** The environment of the emulator's clients. `inherited` is their environment so far. */
export function describeEnvironment(
  emulator: Emulator,
  inherited: Readonly<Record<string, string | undefined>>,
): Environment {
  // Layers of private ECR are downloaded from there.
  const hosts = [emulator.registryHost, ...(emulator.privateUrl === undefined ? [] : ['localhost'])];
  const noProxy = exceptFromProxy(inherited.no_proxy ?? inherited.NO_PROXY, hosts);
  return {
    AWS_ENDPOINT_URL_ECR_PUBLIC: emulator.url,
    AWS_ACCESS_KEY_ID: emulator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: emulator.secretAccessKey,
    ...(emulator.sessionToken !== undefined && { AWS_SESSION_TOKEN: emulator.sessionToken }),
    AWS_REGION: 'us-east-1',
    ECRP_REGISTRY_HOST: emulator.registryHost,
    ...(emulator.privateUrl !== undefined && { AWS_ENDPOINT_URL_ECR: emulator.privateUrl }),
    ...(emulator.privateRegistryHost !== undefined && {
      ECRP_PRIVATE_REGISTRY_HOST: emulator.privateRegistryHost,
    }),
    NO_PROXY: noProxy,
    // Most programs look at this one first.
    ...(inherited.no_proxy !== undefined && { no_proxy: noProxy }),
  };
}

/** Formats an environment as lines for a shell. */
export function formatExports(environment: Environment): readonly string[] {
  return Object.entries(environment).map(([name, value]) => `export ${name}=${quoteForShell(value)}`);
}

/** Adds a host to a list of hosts that are reached without a proxy. Entries are separated by commas and have no port. */
function exceptFromProxy(noProxy: string | undefined, authorities: readonly string[]): string {
  const hosts = authorities.map((host) => host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1'));
  const entries = (noProxy ?? '').split(',').map((entry) => entry.trim());
  return [...new Set([...entries.filter((entry) => entry !== ''), ...hosts])].join(',');
}
