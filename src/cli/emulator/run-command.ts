import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { EcrpError } from '../../errors.ts';
import { describeFileError } from '../../files/file-errors.ts';
import type { Io } from '../../io.ts';

/** They would take precedence over the environment of the emulator, or be sent along with its keys. */
const misleading = [
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
];

/** A command that does not end by itself when its terminal is gone has so long. */
const HANGUP_GRACE_MS = 5_000;

/**
 * Runs a command on our own standard streams with `environment` added to ours, and resolves to its exit status;
 * 128 + n when signal n ended it, as shells say it. Throws USAGE when it cannot be started. No such command outlives us.
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
    // Older versions of the aws CLI read AWS_DEFAULT_REGION only.
    env: { ...Object.fromEntries(inherited), ...environment, AWS_DEFAULT_REGION: environment.AWS_REGION },
    stdio: 'inherit',
  });
  let killer: NodeJS.Timeout | undefined;
  const forward = () => {
    const signal = io.signal.reason instanceof EcrpError ? (io.signal.reason.signal ?? 'SIGTERM') : 'SIGTERM';
    // Ctrl-C reaches the child by itself: a terminal signals the whole foreground group.
    const byTerminal = signal === 'SIGINT' && [io.stdin, io.stdout, io.stderr].some((stream) => stream.isTTY);
    if (!byTerminal) child.kill(signal);
    // Nobody is there any more to interrupt it once again.
    if (signal === 'SIGHUP') killer = setTimeout(() => child.kill('SIGKILL'), hangupGraceMs);
  };
  const stopKilling = io.onExit?.(() => child.kill('SIGKILL'));
  if (io.signal.aborted) forward();
  io.signal.addEventListener('abort', forward, { once: true });
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
    io.signal.removeEventListener('abort', forward);
    clearTimeout(killer);
    stopKilling?.();
  }
}
