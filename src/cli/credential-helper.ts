import { deriveAbort, raceAbort } from '../async/abort.ts';
import {
  answerWithoutLogin,
  type HelperAnswer,
  type Login,
  runCredentialHelper,
} from '../docker/helper-protocol.ts';
import type { ApiEvent } from '../ecr/api-call.ts';
import { EcrpError } from '../errors.ts';
import { cutText, escapeLines, hideLogins } from '../foreign-text.ts';
import type { Io } from '../io.ts';
import { TOKEN_USERNAME } from '../wire/service.ts';
import { type CommandContext, createContext } from './command-context.ts';
import { findCacheDirectory } from './directories.ts';
import { type EcrSession, withEcr } from './ecr-session.ts';
import { toEcrpError } from './explain-thrown.ts';
import { formatDuration } from './format.ts';
import { readVersion } from './read-version.ts';
import { findEndpoint, findRegistryHost, listRegistryNames, requireRegistryHost } from './service-address.ts';
import { forgetTokens, limitToken, readToken, writeToken } from './token-cache.ts';
import { printText } from './write-text.ts';

const NAME = 'docker-credential-ecrp';

/** Far more than any login. */
const MAX_INPUT_CHARS = 1_000_000;

/** Time limit for a login, in milliseconds. Then docker continues without one. */
const BUDGET_MS = 3_000;

/** Runs `docker-credential-ecrp VERB` and resolves to its exit status. Never rejects. All settings come from the environment. */
export async function runHelperProgram(
  argv: readonly string[],
  io: Io,
  budgetMs = BUDGET_MS,
): Promise<number> {
  const { stdout, stderr, exitStatus } = await answer(argv, io, budgetMs);
  try {
    await printText(io.stderr, escapeLines(stderr.split('\n')));
    // Escapes of JSON stay as they are.
    await printText(io.stdout, escapeLines(stdout.split('\n')));
  } catch {
    return 1;
  }
  return exitStatus;
}

async function answer(argv: readonly string[], io: Io, budgetMs: number): Promise<HelperAnswer> {
  const [verb] = argv;
  const style = { json: false, verbose: false, jsonLines: false, color: false };
  const context = createContext(io, style, { progress: 'none', color: false, quiet: true });
  try {
    const publicHosts = listRegistryNames(findRegistryHost(context));
    const takesInput = argv.length === 1 && ['get', 'store', 'erase'].includes(verb ?? '');
    return await runCredentialHelper(argv, takesInput ? await readInput(io) : '', {
      name: NAME,
      version: readVersion(),
      username: TOKEN_USERNAME,
      findKind: (host) => (publicHosts.includes(host) ? 'public' : undefined),
      listHosts: () => publicHosts,
      getLogin: (host) => getLoginWithin(budgetMs, context, host),
      forgetLogins: () => void forgetTokens(findCacheDirectory(io)),
    });
  } catch (thrown) {
    const error = toEcrpError(thrown, io.signal);
    if (verb === 'get') return answerWithoutLogin(error, { name: NAME }, 'public');
    return { stdout: `${cutText(hideLogins(error.message))}\n`, stderr: '', exitStatus: 1 };
  }
}

/** Facts for the message when a login takes too long. */
interface Attempt {
  endpoint?: string;
  /** Why a call is retried. */
  reason?: string;
}

/** Throws UNAVAILABLE if credentials or the service take longer than `budgetMs`. */
async function getLoginWithin(
  budgetMs: number,
  context: CommandContext,
  registryHost: string,
): Promise<Login> {
  const { io } = context;
  const attempt: Attempt = {};
  const { signal, abort, dispose } = deriveAbort(io.signal);
  const giveUp = () => {
    const { endpoint = 'the service', reason } = attempt;
    const wait = context.waiting.find();
    const cause = wait === undefined || wait.isCall ? reason : `still waiting for ${wait.what}`;
    const message = `no token from ${endpoint} within ${formatDuration(budgetMs)}`;
    abort(new EcrpError('UNAVAILABLE', cause === undefined ? message : `${message}: ${cause}`));
  };
  const timer = setTimeout(giveUp, budgetMs);
  const limited = { ...context, io: { ...io, signal } };
  try {
    return await raceAbort(getLogin(limited, attempt, registryHost), signal);
  } finally {
    clearTimeout(timer);
    dispose();
  }
}

async function getLogin(context: CommandContext, attempt: Attempt, registryHost: string): Promise<Login> {
  attempt.endpoint = (await findEndpoint(context)).url;
  await requireRegistryHost(context, NAME);
  const { getAuthorizationToken } = await import('../ecr/authorization.ts');
  const cacheDirectory = findCacheDirectory(context.io);
  const get = async ({ client, endpoint }: EcrSession): Promise<Login> => {
    const { credentials } = await client.findIdentity(context.io.signal);
    const key = { endpoint, accessKeyId: credentials.accessKeyId };
    const cached = readToken(cacheDirectory, key);
    if (cached !== undefined) {
      if (!cached.registryHosts.includes(registryHost)) {
        const registryHosts = [...cached.registryHosts, registryHost];
        writeToken(cacheDirectory, key, { ...cached, registryHosts });
      }
      return { username: cached.username, secret: cached.password };
    }
    const authorization = await getAuthorizationToken(client, context.io.signal);
    const endMs = credentials.expiration?.getTime();
    writeToken(cacheDirectory, key, limitToken(authorization, registryHost, endMs));
    return { username: authorization.username, secret: authorization.password };
  };
  const onEvent = (event: ApiEvent): void => {
    if (event.kind === 'retry') attempt.reason = event.reason;
  };
  return withEcr(context, get, { onEvent });
}

async function readInput(io: Io): Promise<string> {
  let text = '';
  for await (const chunk of io.stdin) {
    text += String(chunk);
    if (text.length > MAX_INPUT_CHARS) break;
  }
  return text;
}
