import { deriveAbort, raceAbort } from '../async/abort.ts';
import {
  answerWithoutLogin,
  type HelperAnswer,
  type Login,
  type RegistryKind,
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
import { findLoginEndpoint, findPrivateHost, type LoginHost } from './login-hosts.ts';
import { readVersion } from './read-version.ts';
import { findRegistryHost, listRegistryNames } from './service-address.ts';
import {
  forgetTokens,
  limitToken,
  listTokenHosts,
  readToken,
  rememberHost,
  type TokenKey,
  writeToken,
} from './token-cache.ts';
import { printText } from './write-text.ts';

const NAME = 'docker-credential-ecrp';

/** Far more than any login. */
const MAX_INPUT_CHARS = 1_000_000;

/** Time limit for a login of ECR Public, in milliseconds. Then docker continues without one. */
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
    const takesInput = argv.length === 1 && ['get', 'store', 'erase'].includes(verb ?? '');
    return await runCredentialHelper(argv, takesInput ? await readInput(io) : '', {
      name: NAME,
      version: readVersion(),
      username: TOKEN_USERNAME,
      findKind: (host) => findKind(context, host),
      listHosts: () => listHosts(context),
      getLogin: (host) => getLoginWithin(budgetMs, context, host),
      forgetLogins: () => void forgetTokens(findCacheDirectory(io)),
    });
  } catch (thrown) {
    const error = toEcrpError(thrown, io.signal);
    if (verb === 'get') return answerWithoutLogin(error, { name: NAME }, 'public');
    return { stdout: `${cutText(hideLogins(error.message))}\n`, stderr: '', exitStatus: 1 };
  }
}

function findKind(context: CommandContext, host: string): RegistryKind | undefined {
  if (findPrivateHost(context, host) !== undefined) return 'private';
  return listRegistryNames(findRegistryHost(context)).includes(host) ? 'public' : undefined;
}

/** Makes no call. Nobody knows all private registries that the caller may use: those with a token are the ones in use. */
function listHosts(context: CommandContext): readonly string[] {
  const known = listTokenHosts(findTokenDirectory(context.io));
  return [
    ...listRegistryNames(findRegistryHost(context)),
    ...known.filter((host) => findKind(context, host) === 'private'),
  ];
}

/** Finds the cache of tokens. AWS_ECR_DISABLE_CACHE turns it off, as for amazon-ecr-credential-helper. */
function findTokenDirectory(io: Io): string | undefined {
  return io.env.AWS_ECR_DISABLE_CACHE ? undefined : findCacheDirectory(io);
}

/** Facts for the message when a login takes too long. */
interface Attempt {
  endpoint?: string;
  /** Why a call is retried. */
  reason?: string;
}

/**
 * Gets a login. For a public host, throws UNAVAILABLE if credentials or the service take longer than `budgetMs`. For a private one nothing
 * is gained by giving up early.
 */
async function getLoginWithin(
  budgetMs: number,
  context: CommandContext,
  registryHost: string,
): Promise<Login> {
  const { io } = context;
  const attempt: Attempt = {};
  const host = findPrivateHost(context, registryHost) ?? { registryHost, privateRegistry: undefined };
  if (host.privateRegistry !== undefined) return getLogin(context, attempt, host);
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
    return await raceAbort(getLogin(limited, attempt, host), signal);
  } finally {
    clearTimeout(timer);
    dispose();
  }
}

async function getLogin(context: CommandContext, attempt: Attempt, host: LoginHost): Promise<Login> {
  const { io } = context;
  const { registryHost, privateRegistry } = host;
  const endpoint = await findLoginEndpoint(context, NAME, host);
  attempt.endpoint = endpoint.url;
  const { getAuthorizationToken } = await import('../ecr/authorization.ts');
  const directory = findTokenDirectory(io);
  const get = async ({ client }: EcrSession): Promise<Login> => {
    const { credentials } = await client.findIdentity(io.signal);
    const key: TokenKey = {
      service: privateRegistry === undefined ? 'ecr-public' : 'ecr',
      endpoint: endpoint.id,
      region: endpoint.region,
      accessKeyId: credentials.accessKeyId,
    };
    const cached = readToken(directory, key);
    if (cached !== undefined) {
      rememberHost(directory, key, cached, registryHost);
      return { username: cached.username, secret: cached.password };
    }
    const authorization = await getAuthorizationToken(client, io.signal);
    const endMs = credentials.expiration?.getTime();
    writeToken(directory, key, limitToken(authorization, registryHost, endMs));
    return { username: authorization.username, secret: authorization.password };
  };
  const onEvent = (event: ApiEvent): void => {
    if (event.kind === 'retry') attempt.reason = event.reason;
  };
  return withEcr(context, get, { place: host, onEvent });
}

async function readInput(io: Io): Promise<string> {
  let text = '';
  for await (const chunk of io.stdin) {
    text += String(chunk);
    if (text.length > MAX_INPUT_CHARS) break;
  }
  return text;
}
