import { open, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { onAbort } from '../../../async/abort.ts';
import type { GivenPrincipal } from '../../../emulator/served-registry.ts';
import type { Emulator, EmulatorOptions } from '../../../emulator/server.ts';
import { EcrpError, exitStatusOf } from '../../../errors.ts';
import { describeFileError } from '../../../files/file-errors.ts';
import { formatJson } from '../../../foreign-text.ts';
import type { CommandContext } from '../../command-context.ts';
import type { Outcome } from '../../output.ts';
import { explainUnwritable } from '../../unwritable-output.ts';
import { describeEnvironment, formatExports, runCommand } from './child-command.ts';
import type { EmulatorFlags } from './declare.ts';
import { explainBadOption, explainStartFailure, requireAllowedHost } from './start-failure.ts';
import { openTemporaryDirectory } from './temporary-directory.ts';

/** Serves until interrupted. With a command, serves until it ends and takes its exit status. */
export async function runEmulator(
  context: CommandContext,
  command: readonly string[],
  options: EmulatorFlags,
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
  options: EmulatorFlags,
  dataDirectory: string,
  onRequest: ((entry: object) => void) | undefined,
): Promise<Emulator> {
  const [{ startEmulator }, { deriveIdentity }, { parseFaults }] = await Promise.all([
    import('../../../emulator/server.ts'),
    import('../../../emulator/identity.ts'),
    import('../../../emulator/faults/fault-rules.ts'),
  ]);
  const { port, privatePort, account, alias, accessKeyId, secretAccessKey, fault: faults = [] } = options;
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
    parseFaults(faults, privatePort !== undefined);
  } catch (error) {
    throw explainBadOption(error);
  }
  const onError = (error: unknown) => context.messages.warn(`emulator: ${String(error)}`);
  try {
    return await startEmulator({
      ...{ host, port, allowedHosts, dataDirectory, ...given, identities, quotas, registryMode, faults },
      ...{ onRequest, onError, private: placePrivate(privatePort) },
    });
  } catch (error) {
    throw explainStartFailure(error, { host: host ?? '127.0.0.1', port, dataDirectory });
  }
}

/** The ports of private ECR: the given one for the service, the next one for downloads. */
function placePrivate(port: number | undefined): EmulatorOptions['private'] {
  if (port === undefined) return undefined;
  return { port, downloadPort: port === 0 ? 0 : port + 1 };
}

async function serve(context: CommandContext, emulator: Emulator, options: EmulatorFlags): Promise<Outcome> {
  const { close: _, ...result } = emulator;
  await context.publish({ result, view: formatExports(describeEnvironment(emulator, context.io.env)) });
  const kept =
    options.data === undefined ? 'Its data is deleted at the end.' : `It keeps all data in ${options.data}.`;
  const port = emulator.url.replace(/^.*:/, '');
  const names = (options.allowHost ?? []).map((name) => `, http://${name}:${port}`).join('');
  const other = emulator.privateUrl === undefined ? '' : ` Private ECR at ${emulator.privateUrl}.`;
  context.messages.note(`A local ECR Public at ${emulator.url}${names}, until Ctrl-C.${other} ${kept}`);
  const { signal } = context.io;
  await new Promise<void>((stop) => void onAbort(signal, stop));
  return { exitStatus: signal.reason instanceof EcrpError ? exitStatusOf(signal.reason) : 130 };
}

/** Reads the file of `--identity`. Throws INVALID_INPUT, which names the file and no secret. */
async function readIdentityFile(path: string): Promise<readonly GivenPrincipal[]> {
  const { readIdentities } = await import('../../../emulator/identity-file.ts');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const message = `cannot read the identity file ${path}: ${describeFileError(cause)}`;
    throw new EcrpError('INVALID_INPUT', message, {
      hint: 'Give --identity a file that you may read.',
      cause,
    });
  });
  try {
    return readIdentities(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EcrpError('INVALID_INPUT', `cannot use the identity file ${path}: ${reason}`, {
      hint: 'Write JSON: {"accessKeyId", "secretAccessKey", "sessionToken", "expiresAt", "arn", "allowedActions": ["ecr-public:PutImage"], "registryId", "registryAlias"}, or a list of such objects.',
      cause,
    });
  }
}

interface RequestLog {
  write(entry: object): void;
  /** Resolves when every entry is in the file. */
  close(): Promise<void>;
}

/** A log that falls behind by more than this loses lines, so that it does not fill the memory. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/** Opens the file of `--log` for one JSON line per request. Appends to an existing file. */
async function openRequestLog(path: string): Promise<RequestLog> {
  const file = await open(path, 'a').catch((cause: unknown) => {
    const output = { what: 'the log', option: '--log', path, fileName: 'requests.jsonl' };
    throw explainUnwritable(output, cause);
  });
  const stream = file.createWriteStream();
  // The emulator keeps serving when the log fails, such as on a full disk.
  stream.on('error', () => undefined);
  return {
    write(entry) {
      if (stream.writableLength < MOST_WAITING_BYTES) stream.write(`${formatJson(entry)}\n`);
    },
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  };
}
