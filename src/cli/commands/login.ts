import {
  type LoginPlace,
  OWN_HELPER,
  registerCredentialHelper,
  type StoredLogin,
  storeLogin,
} from '../../docker/login.ts';
import { type Authorization, getAuthorizationToken } from '../../ecr/authorization.ts';
import { EcrpError } from '../../errors.ts';
import { TOKEN_USERNAME } from '../../wire/service.ts';
import type { CommandContext } from '../command-context.ts';
import { findDockerConfigDirectory } from '../directories.ts';
import { withEcr } from '../ecr-session.ts';
import { DOCKER_LOGINS, warnAboutEnvironment, warnAboutHelper } from '../login-warnings.ts';
import type { JsonObject, Outcome } from '../outcome.ts';
import { chooseRegistryHosts } from '../registry-host.ts';

export interface LoginOptions {
  readonly passwordStdout?: boolean;
  readonly credentialHelper?: boolean;
}

/** Gets a token and stores it where docker looks for one; or prints its password; or registers our helper instead. */
export async function login(
  context: CommandContext,
  hosts: readonly string[],
  options: LoginOptions,
): Promise<Outcome> {
  const { io } = context;
  if (options.passwordStdout && context.style.json) {
    throw new EcrpError(
      'USAGE',
      '--password-stdout prints the password alone, so it does not go with --json',
      {
        hint: "'ecrp token --password --json' gives it as JSON.",
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

async function register(context: CommandContext, places: readonly LoginPlace[]): Promise<JsonObject[]> {
  const results: JsonObject[] = [];
  for (const place of places) {
    const { registryHost } = place;
    const configFile = await context.waiting.during(DOCKER_LOGINS, () => registerCredentialHelper(place));
    context.messages.note(
      `docker asks docker-credential-${OWN_HELPER} for ${registryHost} from now on (${configFile}).`,
    );
    results.push({ registryHost, username: TOKEN_USERNAME, configFile, storedIn: 'helper' });
  }
  await warnAboutHelper(context);
  return results;
}

async function store(
  context: CommandContext,
  places: readonly LoginPlace[],
  { username, password, expiresAt }: Authorization,
): Promise<JsonObject[]> {
  const results: JsonObject[] = [];
  for (const place of places) {
    const { registryHost } = place;
    const stored = await context.waiting.during(DOCKER_LOGINS, () =>
      storeLogin({ ...place, username, secret: password }),
    );
    const { configFile, storedIn } = stored;
    if (storedIn === 'helper') {
      context.messages.note(
        `docker asks docker-credential-${OWN_HELPER} for ${registryHost}, so no token is stored.`,
      );
      await warnAboutHelper(context);
      results.push({ registryHost, username, configFile, storedIn });
      continue;
    }
    tellStored(context, registryHost, stored, { username, expiresAt });
    results.push({ registryHost, username, expiresAt: expiresAt.toISOString(), configFile, storedIn });
  }
  return results;
}

function tellStored(
  { messages }: CommandContext,
  registryHost: string,
  { configFile, store, openMode, problem }: StoredLogin,
  { username, expiresAt }: Pick<Authorization, 'username' | 'expiresAt'>,
): void {
  const where = store === undefined ? configFile : `docker-credential-${store}`;
  const until = expiresAt.toISOString();
  messages.note(`Logged in to ${registryHost} as ${username} until ${until}; stored in ${where}.`);
  if (problem !== undefined) messages.warn(`docker-credential-${store} has the token, but ${problem}`);
  if (store !== undefined) return;
  messages.note("The token is stored in plain text; 'ecrp login --credential-helper' stores none.");
  if (openMode !== undefined) {
    const mode = openMode.toString(8).padStart(4, '0');
    messages.warn(`others can read the token: the mode of ${configFile} is ${mode}; 'chmod 600' mends that`);
  }
}

function getAuthorization(context: CommandContext): Promise<Authorization> {
  return withEcr(context, ({ client }) => getAuthorizationToken(client, context.io.signal));
}
