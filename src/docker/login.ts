import { EcrpError } from '../errors.ts';
import type { Environment } from '../io.ts';
import {
  type AuthEntry,
  type ConfigFile,
  findOpenMode,
  parseDockerConfig,
  readConfigFile,
} from './config-file.ts';
import { type CredentialStore, openCredentialStore } from './credential-store.ts';
import { removeJsonMember, setJsonMember } from './edit-json.ts';
import { type Login, reduceToHost } from './helper-protocol.ts';
import { updateConfigFile } from './update-config-file.ts';

/** Our credential helper, `docker-credential-ecrp`. It gets logins on demand. */
export const OWN_HELPER = 'ecrp';

/** AWS's credential helper for ECR, `docker-credential-ecr-login`: amazon-ecr-credential-helper. */
export const AWS_HELPER = 'ecr-login';

/** Both get logins on demand. Neither stores one. */
const HELPERS_ON_DEMAND: readonly string[] = [OWN_HELPER, AWS_HELPER];

export interface LoginPlace {
  /** Directory of `config.json`: `$DOCKER_CONFIG` or `~/.docker`. Made when a login is stored. */
  readonly configDirectory: string;
  /** Key of the login in docker's config, e.g. `public.ecr.aws`. */
  readonly registryHost: string;
  /** `PATH` for credential helpers, and `DOCKER_AUTH_CONFIG`. */
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
}

export interface StoredLogin {
  readonly configFile: string;
  /** `file`: as base64 in the config; `store`: in a credential store; `helper`: nowhere, a helper gets it on demand. */
  readonly storedIn: 'file' | 'store' | 'helper';
  /** Name of the store or helper, as in `docker-credential-<store>`. */
  readonly store?: string;
  /** Mode of the config if it has the login and others can read it. */
  readonly openMode?: number | undefined;
  /** Why the config does not list a login that the store has. Docker finds it anyway. */
  readonly problem?: string;
}

/**
 * Stores a login as `docker login` does: with the helper that the config names for the host, else in the config itself. Stores nothing
 * if that helper gets logins of ECR on demand.
 *
 * Throws INVALID_INPUT for an unusable config and AUTH for a failing helper. No login has changed then.
 */
export async function storeLogin(place: LoginPlace & Login): Promise<StoredLogin> {
  const { configDirectory, registryHost, username, secret, env, signal } = place;
  const file = await readConfigFile(configDirectory);
  const helper = nameHelper(file, registryHost);
  if (helper === undefined) {
    const entry = { auth: Buffer.from(`${username}:${secret}`).toString('base64') };
    const edit = ({ text }: ConfigFile) => setJsonMember(text, ['auths', registryHost], entry);
    const configFile = await updateConfigFile(configDirectory, edit, signal);
    return { configFile, storedIn: 'file', openMode: await findOpenMode(configFile) };
  }
  if (HELPERS_ON_DEMAND.includes(helper)) {
    return { configFile: file.path, storedIn: 'helper', store: helper };
  }
  // Outside of the lock: a helper may wait for its user, and other runs must not wait as well.
  await putInto(openCredentialStore(helper, env, signal), registryHost, { username, secret });
  const stored = { configFile: file.path, storedIn: 'store', store: helper } as const;
  try {
    await updateConfigFile(configDirectory, (found) => noteStored(found, registryHost), signal);
    return stored;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof EcrpError)) throw error;
    return { ...stored, problem: error.message };
  }
}

export interface RemovedLogin {
  readonly configFile: string;
  /** Keys that had a login. */
  readonly removed: readonly string[];
  /** Why a login may remain in the store that docker uses instead of our helper. */
  readonly problem?: string;
}

/**
 * Removes everything that `storeLogin`, `registerCredentialHelper` and docker itself store for a host, also in the store that docker
 * uses when our helper is gone. Throws as `storeLogin` does.
 */
export async function removeLogin(place: LoginPlace): Promise<RemovedLogin> {
  const { configDirectory, registryHost, env, signal } = place;
  const { path, config } = await readConfigFile(configDirectory);
  const removed = new Set(listLoginKeys(registryHost).filter((key) => config.auths.has(key)));
  const isOurs = config.credHelpers.get(registryHost) === OWN_HELPER;
  const helper = isOurs ? config.credsStore : nameHelper({ config }, registryHost);
  let problem: string | undefined;
  if (helper && !HELPERS_ON_DEMAND.includes(helper)) {
    try {
      const erased = await eraseLogins(openCredentialStore(helper, env, signal), registryHost, [...removed]);
      for (const key of erased) removed.add(key);
    } catch (error) {
      signal?.throwIfAborted();
      if (!isOurs || !(error instanceof EcrpError)) throw error;
      problem = error.message;
    }
  }
  if (isOurs) removed.add(registryHost);
  await updateConfigFile(configDirectory, (file) => removeFromText(file, registryHost), signal);
  return { configFile: path, removed: [...removed], ...(problem !== undefined && { problem }) };
}

/** Erases the logins of a host from a store, under the keys that the config or the store itself lists. Returns the keys that had one. */
async function eraseLogins(
  store: CredentialStore,
  registryHost: string,
  listed: readonly string[],
): Promise<readonly string[]> {
  // Some helpers cannot list. Then the host and the keys of the config remain.
  const stored = await store.list().catch((): readonly string[] => []);
  const others = listLoginKeys(registryHost).filter((key) => listed.includes(key) || stored.includes(key));
  const erased: string[] = [];
  for (const key of new Set([registryHost, ...others])) {
    // Some helpers fail to erase a login that they do not have.
    if ((await store.get(key)) !== undefined && (await store.erase(key))) erased.push(key);
  }
  return erased;
}

/** Registers a helper, ours by default, for a host and removes its logins from the file. Returns the path of the config. */
export async function registerCredentialHelper(place: LoginPlace, helper = OWN_HELPER): Promise<string> {
  const { configDirectory, registryHost, signal } = place;
  const edit = ({ text, config }: ConfigFile) => {
    const registered =
      config.credHelpers.get(registryHost) === helper
        ? text
        : setJsonMember(text, ['credHelpers', registryHost], helper);
    return removeKeys(registered, registryHost);
  };
  return updateConfigFile(configDirectory, edit, signal);
}

/** Names the helper that docker uses for a host: the host's own, else the common one. An empty name means none. */
export function nameHelper({ config }: Pick<ConfigFile, 'config'>, registryHost: string): string | undefined {
  return (config.credHelpers.get(registryHost) ?? config.credsStore) || undefined;
}

/** Lists the keys under which any version of docker stores a login for a host. `removeLogin` removes these. */
export function listLoginKeys(registryHost: string): readonly string[] {
  return ['', 'http://', 'https://'].flatMap((scheme) =>
    ['', '/v1/', '/v2/'].map((path) => `${scheme}${registryHost}${path}`),
  );
}

/** Erases the old login first where that is needed: the keychain of macOS replaces none. */
async function putInto(store: CredentialStore, registryHost: string, login: Login): Promise<void> {
  try {
    await store.store(registryHost, login);
  } catch (error) {
    if (!(error instanceof EcrpError) || !/already exists/i.test(error.message)) throw error;
    await store.erase(registryHost);
    await store.store(registryHost, login);
  }
}

/** Docker lists a login in a store as an empty entry. */
function noteStored({ text }: ConfigFile, registryHost: string): string {
  const { auths }: { auths?: Record<string, object> } = JSON.parse(text);
  const entry = auths?.[registryHost];
  const isNoted = entry !== undefined && entry !== null && Object.keys(entry).length === 0;
  return isNoted ? text : setJsonMember(text, ['auths', registryHost], {});
}

function removeFromText({ text, config }: ConfigFile, registryHost: string): string {
  const rest = removeKeys(text, registryHost);
  const registered = config.credHelpers.get(registryHost) === OWN_HELPER;
  return registered ? removeJsonMember(rest, ['credHelpers', registryHost]) : rest;
}

function removeKeys(text: string, registryHost: string): string {
  return listLoginKeys(registryHost).reduce((rest, key) => removeJsonMember(rest, ['auths', key]), text);
}

/** Origin of a login: DOCKER_AUTH_CONFIG, a credential helper, or a key of `auths` in the config. */
export type LoginSource =
  | { readonly kind: 'environment' }
  | { readonly kind: 'helper'; readonly helper: string }
  | { readonly kind: 'file'; readonly configFile: string; readonly key: string };

export interface FoundLogin extends Login {
  readonly source: LoginSource;
}

/**
 * Finds the login that docker would use for a host: in DOCKER_AUTH_CONFIG, else with the helper, else in the config. Throws as
 * `storeLogin` does.
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

/** True if DOCKER_AUTH_CONFIG has a login for a host. Docker prefers it to any stored one. */
export function isLoginInEnvironment(registryHost: string, env: LoginPlace['env']): boolean {
  try {
    const { auths } = parseDockerConfig(env.DOCKER_AUTH_CONFIG || '{}', '$DOCKER_AUTH_CONFIG');
    return findEntry(auths, registryHost) !== undefined;
  } catch {
    // Docker ignores an invalid value.
    return false;
  }
}

/** Finds the entry of exactly this host, else of a URL of it, as docker does. */
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

/** Reads user name and password of an entry. Undefined: it has none. */
export function readLogin({ auth, username, password }: AuthEntry): Login | undefined {
  const decoded = auth === undefined ? undefined : Buffer.from(auth, 'base64').toString();
  const colon = decoded?.indexOf(':') ?? -1;
  if (decoded && colon > 0) return { username: decoded.slice(0, colon), secret: decoded.slice(colon + 1) };
  return username && password ? { username, secret: password } : undefined;
}
