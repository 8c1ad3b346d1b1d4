import {
  isLoginInEnvironment,
  type LoginPlace,
  OWN_HELPER,
  registerCredentialHelper,
  removeLogin,
  type StoredLogin,
  storeLogin,
} from '../../../docker/login.ts';
import { type Authorization, getAuthorizationToken } from '../../../ecr/authorization.ts';
import { EcrpError } from '../../../errors.ts';
import { quoteForShell } from '../../../foreign-text.ts';
import { TOKEN_USERNAME } from '../../../wire/service.ts';
import type { CommandContext } from '../../command-context.ts';
import { findCacheDirectory, findDockerConfigDirectory } from '../../directories.ts';
import { type EcrSession, withEcr } from '../../ecr-session.ts';
import { chooseLoginHosts, groupByToken, type LoginHost, type LoginHosts } from '../../login-hosts.ts';
import type { Outcome, ResultMembers } from '../../output.ts';
import { forgetTokens } from '../../token-cache.ts';
import { warnAboutHelper } from './warn-about-helper.ts';

/** The wait while another process locks docker's configuration, or a credential store asks its user. */
const DOCKER_LOGINS = "docker's config or its credential store";

export interface LoginOptions {
  readonly passwordStdout?: boolean;
  readonly credentialHelper?: boolean;
}

/** Gets a token and stores it for docker, or prints its password, or registers our credential helper. */
export async function login(
  context: CommandContext,
  hosts: readonly string[],
  options: LoginOptions,
): Promise<Outcome> {
  const { io } = context;
  if (options.passwordStdout && context.style.json) {
    throw new EcrpError(
      'USAGE',
      '--password-stdout cannot be combined with --json: it prints only the password',
      {
        hint: "Run 'ecrp token --password --json' for JSON.",
      },
    );
  }
  const loginHosts = await chooseLoginHosts(context, 'login', hosts);
  if (options.passwordStdout) return { view: await getPassword(context, loginHosts) };
  const configDirectory = findDockerConfigDirectory(io);
  const locate = ({ registryHost }: LoginHost): LoginPlace => ({
    configDirectory,
    registryHost,
    env: io.env,
    signal: io.signal,
  });
  const results = options.credentialHelper
    ? await register(context, loginHosts, locate)
    : await store(context, await getAuthorizations(context, loginHosts), locate, hosts);
  warnAboutEnvironment(context, loginHosts);
  const [first, ...others] = results;
  return { result: first !== undefined && others.length === 0 ? first : { logins: results } };
}

async function register(
  context: CommandContext,
  hosts: readonly LoginHost[],
  locate: (host: LoginHost) => LoginPlace,
): Promise<ResultMembers[]> {
  const results: ResultMembers[] = [];
  for (const host of hosts) {
    const { registryHost } = host;
    const configFile = await context.waiting.during(DOCKER_LOGINS, () =>
      registerCredentialHelper(locate(host)),
    );
    context.messages.note(`Registered docker-credential-${OWN_HELPER} for ${registryHost} in ${configFile}.`);
    results.push({ registryHost, username: TOKEN_USERNAME, configFile, storedIn: 'helper' });
  }
  await warnAboutHelper(context, hosts);
  return results;
}

/** A host, and the token that opens it. */
interface AuthorizedHost {
  readonly host: LoginHost;
  readonly authorization: Authorization;
}

/** `given` are the HOST arguments. */
async function store(
  context: CommandContext,
  authorized: readonly AuthorizedHost[],
  locate: (host: LoginHost) => LoginPlace,
  given: readonly string[],
): Promise<ResultMembers[]> {
  const results: ResultMembers[] = [];
  const left: LoginHost[] = [];
  const plain: string[] = [];
  for (const { host, authorization } of authorized) {
    const { registryHost } = host;
    const { username, password, expiresAt } = authorization;
    const stored = await context.waiting.during(DOCKER_LOGINS, () =>
      storeLogin({ ...locate(host), username, secret: password }),
    );
    const { configFile, storedIn } = stored;
    if (storedIn === 'helper') {
      context.messages.note(
        `No token is stored: docker uses docker-credential-${stored.store} for ${registryHost}.`,
      );
      if (stored.store === OWN_HELPER) left.push(host);
      results.push({ registryHost, username, configFile, storedIn });
      continue;
    }
    reportStored(context, registryHost, stored, { username, expiresAt });
    if (storedIn === 'file') plain.push(registryHost);
    results.push({ registryHost, username, expiresAt: expiresAt.toISOString(), configFile, storedIn });
  }
  if (left.length > 0) await warnAboutHelper(context, left);
  if (plain.length > 0) {
    const command = ['ecrp login --credential-helper', ...(given.length > 0 ? plain : [])].join(' ');
    context.messages.note(`The token is stored in plain text. Run '${command}' to store none.`);
  }
  return results;
}

function reportStored(
  { messages }: CommandContext,
  registryHost: string,
  { configFile, store, openMode, problem }: StoredLogin,
  { username, expiresAt }: Pick<Authorization, 'username' | 'expiresAt'>,
): void {
  const where = store === undefined ? configFile : `docker-credential-${store}`;
  const until = expiresAt.toISOString();
  messages.note(`Logged in to ${registryHost} as ${username} until ${until}; stored in ${where}.`);
  if (problem !== undefined) messages.warn(`docker-credential-${store} stored the token, but ${problem}`);
  if (store === undefined && openMode !== undefined) {
    const mode = openMode.toString(8).padStart(4, '0');
    messages.warn(
      `${configFile}: other users can read the token (mode ${mode}); run: chmod 600 ${quoteForShell(configFile)}`,
    );
  }
}

/** Gets all tokens before any is stored: where one is refused, no login changes. */
async function getAuthorizations(
  context: CommandContext,
  hosts: readonly LoginHost[],
): Promise<readonly AuthorizedHost[]> {
  const authorized: AuthorizedHost[] = [];
  for (const group of await groupByToken(context, 'login', hosts)) {
    const authorization = await getAuthorization(context, group[0]);
    authorized.push(...group.map((host) => ({ host, authorization })));
  }
  // In the order of the command line.
  return authorized.sort((one, other) => hosts.indexOf(one.host) - hosts.indexOf(other.host));
}

/** Throws USAGE for hosts that one password does not open. */
async function getPassword(context: CommandContext, hosts: LoginHosts): Promise<string> {
  const groups = await groupByToken(context, 'login', hosts);
  if (groups.length === 1) return (await getAuthorization(context, hosts[0])).password;
  throw new EcrpError('USAGE', 'login: --password-stdout prints one password, but these hosts need several', {
    hint: 'Name the hosts of one region.',
  });
}

async function getAuthorization(context: CommandContext, place: LoginHost): Promise<Authorization> {
  const use = ({ client }: EcrSession) => getAuthorizationToken(client, context.io.signal);
  const authorization = await withEcr(context, use, { place });
  if (authorization.expiresAt.getTime() <= Date.now()) {
    const end = authorization.expiresAt.toISOString();
    context.messages.warn(
      `${place.registryHost}: the token ended at ${end}: check the clock of this machine`,
    );
  }
  return authorization;
}

/** Removes docker's logins for the hosts, and the tokens of our credential helper. */
export async function logout(context: CommandContext, hosts: readonly string[]): Promise<Outcome> {
  const { io, messages } = context;
  const loginHosts = await chooseLoginHosts(context, 'logout', hosts);
  const configDirectory = findDockerConfigDirectory(io);
  const results: ResultMembers[] = [];
  for (const { registryHost } of loginHosts) {
    const place = { configDirectory, registryHost, env: io.env, signal: io.signal };
    const { configFile, removed, problem } = await context.waiting.during(DOCKER_LOGINS, () =>
      removeLogin(place),
    );
    if (problem !== undefined) messages.warn(`a login for ${registryHost} may remain: ${problem}`);
    messages.note(
      removed.length > 0
        ? `Removed the login for ${registryHost}.`
        : `There was no login for ${registryHost} in ${configFile}.`,
    );
    results.push({ registryHost, configFile, removed });
  }
  if (forgetTokens(findCacheDirectory(io)))
    messages.note(`Removed the tokens of docker-credential-${OWN_HELPER}.`);
  warnAboutEnvironment(context, loginHosts);
  const [first, ...others] = results;
  return { result: first !== undefined && others.length === 0 ? first : { logouts: results } };
}

/** Warns if DOCKER_AUTH_CONFIG has a login for a host: docker prefers it to a stored one. */
function warnAboutEnvironment({ io, messages }: CommandContext, hosts: readonly LoginHost[]): void {
  for (const { registryHost: host } of hosts) {
    if (!isLoginInEnvironment(host, io.env)) continue;
    messages.warn(`DOCKER_AUTH_CONFIG has a login for ${host}, which docker prefers: unset the variable`);
  }
}
