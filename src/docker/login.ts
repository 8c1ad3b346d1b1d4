import { type ConfigFile, type Environment, readConfigFile, updateConfigFile } from './config-file.ts';
import { openCredentialStore } from './credential-store.ts';
import { removeJsonMember, setJsonMember } from './edit-json.ts';
import type { Login } from './helper-protocol.ts';

/** Our own credential helper, `docker-credential-ecrp`. It keeps nothing: it gets a login each time it is asked. */
export const OWN_HELPER = 'ecrp';

export interface LoginPlace {
  /** The directory of `config.json`: `$DOCKER_CONFIG` or `~/.docker`. Made when something is stored. */
  readonly configDirectory: string;
  /** The key that docker looks a login up by, e.g. `public.ecr.aws`. */
  readonly registryHost: string;
  /** PATH for credential helpers; DOCKER_AUTH_CONFIG for `findLogin`. */
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
}

export interface StoredLogin {
  readonly configFile: string;
  /** The helper that has it, as in `docker-credential-<helper>`; undefined when it stands in the file as base64. */
  readonly helper: string | undefined;
}

/**
 * Stores a login as `docker login` does: with the helper that the config names for the host, else in the config itself.
 * With our own helper registered there is nothing to store, and nothing is.
 *
 * Throws INVALID_INPUT for a config file that cannot be used, AUTH for a helper that fails; nothing was changed then.
 */
export async function storeLogin(place: LoginPlace & Login): Promise<StoredLogin> {
  const { configDirectory, registryHost, username, secret, env, signal } = place;
  const file = await readConfigFile(configDirectory);
  const helper = nameHelper(file, registryHost);
  if (helper === OWN_HELPER) return { configFile: file.path, helper };

  // Not under the lock: a helper may wait for its user, and other runs need not wait with it.
  if (helper) await openCredentialStore(helper, env, signal).store(registryHost, { username, secret });
  const entry = helper ? {} : { auth: Buffer.from(`${username}:${secret}`).toString('base64') };
  const configFile = await updateConfigFile(configDirectory, ({ text }) =>
    setJsonMember(text, ['auths', registryHost], entry),
  );
  return { configFile, helper };
}

/**
 * Removes what `storeLogin` and `registerCredentialHelper` leave for a host, and only that. Says whether there was something.
 * Throws as `storeLogin` does.
 */
export async function removeLogin(place: LoginPlace): Promise<{ configFile: string; removed: boolean }> {
  const { configDirectory, registryHost, env, signal } = place;
  const { path, text, config } = await readConfigFile(configDirectory);
  const helper = nameHelper({ config }, registryHost);
  let removed = false;
  if (helper && helper !== OWN_HELPER) {
    const store = openCredentialStore(helper, env, signal);
    // Asked first, as some helpers take it for a failure to erase what they do not have.
    removed = (await store.get(registryHost)) !== undefined && (await store.erase(registryHost));
  }
  if (removeFromText(text, registryHost, config) === text) return { configFile: path, removed };
  await updateConfigFile(configDirectory, (file) => removeFromText(file.text, registryHost, file.config));
  return { configFile: path, removed: true };
}

/** Registers our helper (or another) for a host, in place of a login that stands in the file. Returns the path of the config. */
export async function registerCredentialHelper(place: LoginPlace, helper = OWN_HELPER): Promise<string> {
  const { configDirectory, registryHost } = place;
  return updateConfigFile(configDirectory, ({ text }) =>
    removeJsonMember(setJsonMember(text, ['credHelpers', registryHost], helper), ['auths', registryHost]),
  );
}

/** The helper that docker would use for a host: the host's own, else the common one; an empty name means none. */
export function nameHelper({ config }: Pick<ConfigFile, 'config'>, registryHost: string): string | undefined {
  return (config.credHelpers.get(registryHost) ?? config.credsStore) || undefined;
}

function removeFromText(text: string, registryHost: string, config: ConfigFile['config']): string {
  const rest = removeJsonMember(text, ['auths', registryHost]);
  const registered = config.credHelpers.get(registryHost) === OWN_HELPER;
  return registered ? removeJsonMember(rest, ['credHelpers', registryHost]) : rest;
}
