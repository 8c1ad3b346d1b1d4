import { readFile } from 'node:fs/promises';
import { EcrpError } from '../errors.ts';
import { describeFileError, findErrorCode } from '../files/file-errors.ts';
import type { Environment } from '../io.ts';
import { type AuthEntry, type DockerConfig, parseDockerConfig, readConfigFile } from './config-file.ts';
import { openCredentialStore } from './credential-store.ts';
import { reduceToHost } from './helper-protocol.ts';
import { readLogin } from './login.ts';

/**
 * What a host takes from a user. An identity token is exchanged for tokens of the registry, a registry token is one. `origin` names the
 * place where it is stored, for messages: `docker's config /home/me/.docker/config.json`.
 */
export type HostLogin =
  | {
      readonly kind: 'password';
      readonly username: string;
      readonly secret: string;
      readonly origin: string;
    }
  | { readonly kind: 'identity-token' | 'registry-token'; readonly secret: string; readonly origin: string };

export interface LoginSearch {
  /** As in the reference: `ghcr.io`, `docker.io`. No other host gets a login. */
  readonly registryHost: string;
  /** Key of the host in docker's config, and for credential helpers. Only Docker Hub's is another than the host. */
  readonly loginKey: string;
  /** Podman stores logins for parts of a registry as well; the longest match wins. */
  readonly repositoryPath: string;
  /** Directory of docker's `config.json`; undefined: there is no home directory. */
  readonly configDirectory: string | undefined;
  /** Podman's files, in the order to be read. */
  readonly authFiles: readonly string[];
  /** `PATH` for credential helpers, and `DOCKER_AUTH_CONFIG`. */
  readonly env: Environment;
  readonly signal: AbortSignal;
  /** Called with a sentence about a place that cannot be read. The search continues. */
  readonly onProblem: (problem: string) => void;
}

/** User name with which a credential helper marks an identity token. */
const TOKEN_USERNAME = '<token>';

/**
 * Finds the login for a repository of any registry: in `DOCKER_AUTH_CONFIG`, in docker's config with its credential helpers, then in
 * podman's files. Undefined: no login is stored. Throws the signal's reason only.
 */
export async function findHostLogin(search: LoginSearch): Promise<HostLogin | undefined> {
  const places = [findInEnvironment, findInDockerConfig, ...search.authFiles.map(findInAuthFile)];
  for (const find of places) {
    try {
      const login = await find(search);
      if (login !== undefined) return login;
    } catch (error) {
      search.signal.throwIfAborted();
      if (!(error instanceof EcrpError)) throw error;
      search.onProblem(error.message);
    }
  }
  return undefined;
}

async function findInEnvironment(search: LoginSearch): Promise<HostLogin | undefined> {
  const text = search.env.DOCKER_AUTH_CONFIG;
  if (!text) return undefined;
  const { auths } = parseDockerConfig(text, '$DOCKER_AUTH_CONFIG');
  return findEntryLogin(auths, search, 'DOCKER_AUTH_CONFIG');
}

async function findInDockerConfig(search: LoginSearch): Promise<HostLogin | undefined> {
  if (search.configDirectory === undefined) return undefined;
  const { path, config } = await readConfigFile(search.configDirectory);
  return findInConfig(config, search, `docker's config ${path}`);
}

/** Makes the function that reads one of podman's files. A missing file has no logins. */
function findInAuthFile(path: string) {
  return async (search: LoginSearch): Promise<HostLogin | undefined> => {
    const origin = `podman's logins ${path}`;
    let config: DockerConfig;
    try {
      const text = await readFile(path, 'utf8');
      config = parseDockerConfig(text.trim() === '' ? '{}' : text, path);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(findErrorCode(error) ?? '')) return undefined;
      // The parser's message would name docker.
      const problem = error instanceof EcrpError ? 'they are not valid' : describeFileError(error);
      search.onProblem(`cannot read ${origin}: ${problem}`);
      return undefined;
    }
    return findInConfig(config, search, origin);
  };
}

/** A helper that has no login leaves the question to the file, to which CI systems add logins of their own. */
async function findInConfig(
  config: DockerConfig,
  search: LoginSearch,
  origin: string,
): Promise<HostLogin | undefined> {
  const { loginKey, registryHost, env, signal, onProblem } = search;
  const named = [loginKey, registryHost].map((key) => config.credHelpers.get(key));
  const helper = named.find((name) => name !== undefined) ?? config.credsStore;
  if (helper) {
    try {
      const login = await openCredentialStore(helper, env, signal).get(loginKey);
      if (login !== undefined) return ofHelper(login, `the credential helper docker-credential-${helper}`);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EcrpError)) throw error;
      onProblem(error.message);
    }
  }
  return findEntryLogin(config.auths, search, origin);
}

function ofHelper(
  { username, secret }: { readonly username: string; readonly secret: string },
  origin: string,
): HostLogin | undefined {
  if (secret === '') return undefined;
  return username === TOKEN_USERNAME
    ? { kind: 'identity-token', secret, origin }
    : { kind: 'password', username, secret, origin };
}

function findEntryLogin(
  auths: ReadonlyMap<string, AuthEntry>,
  search: LoginSearch,
  origin: string,
): HostLogin | undefined {
  for (const key of listKeys(auths, search)) {
    const { identitytoken, registrytoken, ...entry } = auths.get(key) ?? {};
    if (registrytoken) return { kind: 'registry-token', secret: registrytoken, origin };
    if (identitytoken) return { kind: 'identity-token', secret: identitytoken, origin };
    const login = readLogin(entry);
    if (login !== undefined) return { kind: 'password', ...login, origin };
  }
  return undefined;
}

/** Lists the keys of a login, the best first: of the repository, of its namespaces, of the host, then URLs of the host. */
function listKeys(
  auths: ReadonlyMap<string, AuthEntry>,
  { registryHost, loginKey, repositoryPath }: LoginSearch,
): readonly string[] {
  const parts = repositoryPath.split('/');
  const namespaces = parts.map((_, index) =>
    [registryHost, ...parts.slice(0, parts.length - index)].join('/'),
  );
  const hosts = [registryHost, reduceToHost(loginKey)];
  const urls = [...auths.keys()].filter(
    (key) => /^(?:https?:\/\/)?[^/]+(?:\/v[12]\/?|\/)?$/.test(key) && hosts.includes(reduceToHost(key)),
  );
  return [...namespaces, registryHost, loginKey, ...urls].filter((key) => auths.has(key));
}
