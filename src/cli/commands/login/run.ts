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
import { withEcr } from '../../ecr-session.ts';
import type { Outcome, ResultMembers } from '../../output.ts';
import { chooseRegistryHosts } from '../../service-address.ts';
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
  const registryHosts = await chooseRegistryHosts(context, 'login', hosts);
  if (options.passwordStdout) {
    const { password } = await getAuthorization(context);
    return { view: password };
  }
  const configDirectory = findDockerConfigDirectory(io);
  const places = registryHosts.map((registryHost) => ({
    configDirectory,
    registryHost,
    env: io.env,
    signal: io.signal,
  }));
  const results = options.credentialHelper
    ? await register(context, places)
    : await store(context, places, await getAuthorization(context));
  warnAboutEnvironment(context, registryHosts);
  const [first, ...others] = results;
  return { result: first !== undefined && others.length === 0 ? first : { logins: results } };
}

async function register(context: CommandContext, places: readonly LoginPlace[]): Promise<ResultMembers[]> {
  const results: ResultMembers[] = [];
  for (const place of places) {
    const { registryHost } = place;
    const configFile = await context.waiting.during(DOCKER_LOGINS, () => registerCredentialHelper(place));
    context.messages.note(`Registered docker-credential-${OWN_HELPER} for ${registryHost} in ${configFile}.`);
    results.push({ registryHost, username: TOKEN_USERNAME, configFile, storedIn: 'helper' });
  }
  await warnAboutHelper(context);
  return results;
}

async function store(
  context: CommandContext,
  places: readonly LoginPlace[],
  { username, password, expiresAt }: Authorization,
): Promise<ResultMembers[]> {
  const results: ResultMembers[] = [];
  for (const place of places) {
    const { registryHost } = place;
    const stored = await context.waiting.during(DOCKER_LOGINS, () =>
      storeLogin({ ...place, username, secret: password }),
    );
    const { configFile, storedIn } = stored;
    if (storedIn === 'helper') {
      context.messages.note(
        `No token is stored: docker uses docker-credential-${OWN_HELPER} for ${registryHost}.`,
      );
      await warnAboutHelper(context);
      results.push({ registryHost, username, configFile, storedIn });
      continue;
    }
    reportStored(context, registryHost, stored, { username, expiresAt });
    results.push({ registryHost, username, expiresAt: expiresAt.toISOString(), configFile, storedIn });
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
  if (store !== undefined) return;
  messages.note("The token is stored in plain text. Run 'ecrp login --credential-helper' to store none.");
  if (openMode !== undefined) {
    const mode = openMode.toString(8).padStart(4, '0');
    messages.warn(
      `${configFile}: other users can read the token (mode ${mode}); run: chmod 600 ${quoteForShell(configFile)}`,
    );
  }
}

function getAuthorization(context: CommandContext): Promise<Authorization> {
  return withEcr(context, ({ client }) => getAuthorizationToken(client, context.io.signal));
}

/** Removes docker's logins for the hosts, and the tokens of our credential helper. */
export async function logout(context: CommandContext, hosts: readonly string[]): Promise<Outcome> {
  const { io, messages } = context;
  const registryHosts = await chooseRegistryHosts(context, 'logout', hosts);
  const configDirectory = findDockerConfigDirectory(io);
  const results: ResultMembers[] = [];
  for (const registryHost of registryHosts) {
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
  warnAboutEnvironment(context, registryHosts);
  const [first, ...others] = results;
  return { result: first !== undefined && others.length === 0 ? first : { logouts: results } };
}

/** Warns if DOCKER_AUTH_CONFIG has a login for a host: docker prefers it to a stored one. */
function warnAboutEnvironment({ io, messages }: CommandContext, registryHosts: readonly string[]): void {
  for (const host of registryHosts) {
    if (!isLoginInEnvironment(host, io.env)) continue;
    messages.warn(`DOCKER_AUTH_CONFIG has a login for ${host}, which docker prefers: unset the variable`);
  }
}
