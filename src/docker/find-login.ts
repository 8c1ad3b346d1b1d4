import { readConfigFile } from './config-file.ts';
import { openCredentialStore } from './credential-store.ts';
import { type Login, reduceToHost } from './helper-protocol.ts';
import { type LoginPlace, nameHelper } from './login.ts';
import { type AuthEntry, parseDockerConfig } from './parse-config.ts';

/** Where a login was found: in DOCKER_AUTH_CONFIG, with a credential helper, or in the config file under a key of `auths`. */
export type LoginSource =
  | { readonly kind: 'environment' }
  | { readonly kind: 'helper'; readonly helper: string }
  | { readonly kind: 'file'; readonly configFile: string; readonly key: string };

export interface FoundLogin extends Login {
  readonly source: LoginSource;
}

/**
 * Finds the login that docker would send to a host: DOCKER_AUTH_CONFIG first, then the helper, else the config file.
 * Throws as `storeLogin` does.
 */
export async function findLogin(place: LoginPlace): Promise<FoundLogin | undefined> {
  const { configDirectory, registryHost, env, signal } = place;
  if (env.DOCKER_AUTH_CONFIG) {
    const { auths } = parseDockerConfig(env.DOCKER_AUTH_CONFIG, '$DOCKER_AUTH_CONFIG');
    const found = findEntry(auths, registryHost);
    if (found) return { ...found.login, source: { kind: 'environment' } };
  }
  const file = await readConfigFile(configDirectory);
  const helper = nameHelper(file, registryHost);
  if (helper) {
    const login = await openCredentialStore(helper, env, signal).get(registryHost);
    return login && { ...login, source: { kind: 'helper', helper } };
  }
  const found = findEntry(file.config.auths, registryHost);
  return found && { ...found.login, source: { kind: 'file', configFile: file.path, key: found.key } };
}

/** Whether DOCKER_AUTH_CONFIG has a login for a host, which docker takes before any that is stored. */
export function isLoginInEnvironment(registryHost: string, env: LoginPlace['env']): boolean {
  try {
    const { auths } = parseDockerConfig(env.DOCKER_AUTH_CONFIG || '{}', '$DOCKER_AUTH_CONFIG');
    return findEntry(auths, registryHost) !== undefined;
  } catch {
    // Docker does without what it cannot read.
    return false;
  }
}

/** The entry under exactly this host, else under a URL of it, as docker compares. */
function findEntry(
  auths: ReadonlyMap<string, AuthEntry>,
  registryHost: string,
): { key: string; login: Login } | undefined {
  const keys = [registryHost, ...auths.keys()].filter((key) => reduceToHost(key) === registryHost);
  for (const key of keys) {
    const login = readLogin(auths.get(key) ?? {});
    if (login) return { key, login };
  }
  return undefined;
}

function readLogin({ auth, username, password }: AuthEntry): Login | undefined {
  const decoded = auth === undefined ? undefined : Buffer.from(auth, 'base64').toString();
  const colon = decoded?.indexOf(':') ?? -1;
  if (decoded && colon > 0) return { username: decoded.slice(0, colon), secret: decoded.slice(colon + 1) };
  return username && password ? { username, secret: password } : undefined;
}
