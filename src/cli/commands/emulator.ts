import { resolve } from 'node:path';
import type { Emulator } from '../../emulator/server.ts';
import { EcrpError, exitStatusOf } from '../../errors.ts';
import type { CommandContext } from '../command-context.ts';
import { describeEnvironment, formatExports } from '../emulator/environment.ts';
import { readIdentityFile } from '../emulator/identity-file.ts';
import { openRequestLog } from '../emulator/request-log.ts';
import { runCommand } from '../emulator/run-command.ts';
import { explainBadOption, explainStartFailure, requireAllowedHost } from '../emulator/start-failure.ts';
import { openTemporaryDirectory } from '../emulator/temporary-directory.ts';
import type { Outcome } from '../outcome.ts';

export interface EmulatorOptions {
  readonly port: number;
  readonly host?: string;
  readonly allowHost?: readonly string[];
  readonly data?: string;
  readonly account?: string;
  readonly alias?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly identity?: string;
  /** In seconds. */
  readonly tokenLifetime?: number;
  readonly quotas?: 'real' | 'off';
  readonly registryMode?: 'aws' | 'oci';
  readonly fault?: readonly string[];
  readonly log?: string;
}

/** Serves until it is interrupted, or as long as `command` runs when there is one; then its status is ours. */
export async function runEmulator(
  context: CommandContext,
  command: readonly string[],
  options: EmulatorOptions,
): Promise<Outcome> {
  const log =
    options.log === undefined ? undefined : await openRequestLog(resolve(context.io.cwd, options.log));
  const temporary = options.data === undefined ? await openTemporaryDirectory(context.io) : undefined;
  const data = temporary?.path ?? resolve(context.io.cwd, options.data ?? '');
  try {
    const emulator = await startFor(context, options, data, log?.write);
    try {
      return command.length > 0
        ? { exitStatus: await runCommand(context.io, command, describeEnvironment(emulator, context.io.env)) }
        : await serve(context, emulator, options);
    } finally {
      await emulator.close();
    }
  } finally {
    temporary?.remove();
    await log?.close();
  }
}

async function startFor(
  context: CommandContext,
  options: EmulatorOptions,
  dataDirectory: string,
  onRequest: ((entry: object) => void) | undefined,
): Promise<Emulator> {
  const [{ startEmulator }, { deriveIdentity }, { parseFault }] = await Promise.all([
    import('../../emulator/server.ts'),
    import('../../emulator/identity.ts'),
    import('../../emulator/faults/fault-rules.ts'),
  ]);
  const { port, account, alias, accessKeyId, secretAccessKey, fault: faults = [] } = options;
  const { quotas, registryMode, host, allowHost: allowedHosts } = options;
  requireAllowedHost(host, allowedHosts);
  const tokenLifetimeMs = options.tokenLifetime === undefined ? undefined : options.tokenLifetime * 1000;
  const given = { account, alias, accessKeyId, secretAccessKey, tokenLifetimeMs };
  const identities =
    options.identity === undefined
      ? undefined
      : await readIdentityFile(resolve(context.io.cwd, options.identity));
  try {
    deriveIdentity({ ...given, identities });
    faults.forEach(parseFault);
  } catch (error) {
    throw explainBadOption(error);
  }
  const onError = (error: unknown) => context.messages.warn(`the emulator: ${String(error)}`);
  try {
    return await startEmulator({
      ...{ host, port, allowedHosts, dataDirectory, ...given, identities, quotas, registryMode, faults },
      ...{ onRequest, onError },
    });
  } catch (error) {
    throw explainStartFailure(error, { host: host ?? '127.0.0.1', port, dataDirectory });
  }
}

async function serve(
  context: CommandContext,
  emulator: Emulator,
  options: EmulatorOptions,
): Promise<Outcome> {
  const { close: _, ...result } = emulator;
  await context.publish({ result, view: formatExports(describeEnvironment(emulator, context.io.env)) });
  const kept =
    options.data === undefined ? 'Nothing outlives it.' : `It keeps everything in ${options.data}.`;
  const port = emulator.url.replace(/^.*:/, '');
  const names = (options.allowHost ?? []).map((name) => `, http://${name}:${port}`).join('');
  context.messages.note(`A local ECR Public at ${emulator.url}${names}, until Ctrl-C. ${kept}`);
  const { signal } = context.io;
  await new Promise<void>((stop) => {
    if (signal.aborted) stop();
    signal.addEventListener('abort', () => stop(), { once: true });
  });
  return { exitStatus: signal.reason instanceof EcrpError ? exitStatusOf(signal.reason) : 130 };
}
