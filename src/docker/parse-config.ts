import { EcrpError } from '../errors.ts';

/** An entry of `auths`: what docker's file says about a registry. All members are absent when a helper keeps the secret. */
export interface AuthEntry {
  /** Base64 of `username:secret`. */
  readonly auth?: string;
  /** Older files have these two instead. */
  readonly username?: string;
  readonly password?: string;
}

/** The part of docker's config file that is about logins. */
export interface DockerConfig {
  readonly auths: ReadonlyMap<string, AuthEntry>;
  /** Names of credential helpers by registry host; they go before `credsStore`. */
  readonly credHelpers: ReadonlyMap<string, string>;
  readonly credsStore: string | undefined;
}

/** Parses docker's config file. Throws INVALID_INPUT that names `path` and the member that is wrong. */
export function parseDockerConfig(text: string, path: string): DockerConfig {
  const config = parseJson(text, path);
  if (!isObject(config)) throw refuse(path, 'is not a JSON object');
  const { credsStore } = config;
  if (credsStore !== undefined && typeof credsStore !== 'string') {
    throw refuse(path, 'has a "credsStore" that is not a string');
  }
  const auths = new Map<string, AuthEntry>();
  for (const [key, entry] of membersOf(config, 'auths', path)) {
    auths.set(key, isObject(entry) ? pickStrings(entry, ['auth', 'username', 'password']) : {});
  }
  const credHelpers = new Map<string, string>();
  for (const [host, helper] of membersOf(config, 'credHelpers', path)) {
    if (typeof helper !== 'string')
      throw refuse(path, `names no credential helper for ${JSON.stringify(host)}`);
    credHelpers.set(host, helper);
  }
  return { auths, credHelpers, credsStore };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Only the place is told: the message may quote the text, and that has secrets in it.
    const position = /at position (\d+)/.exec(String(error))?.[1];
    const line =
      position === undefined ? '' : ` (line ${text.slice(0, Number(position)).split('\n').length})`;
    throw refuse(path, `is not valid JSON${line}`);
  }
}

function membersOf(config: Record<string, unknown>, name: string, path: string): [string, unknown][] {
  const value = config[name] ?? {};
  if (!isObject(value)) throw refuse(path, `has a "${name}" that is not an object`);
  return Object.entries(value);
}

function pickStrings<Name extends string>(
  value: Record<string, unknown>,
  names: readonly Name[],
): { [Key in Name]?: string } {
  const picked: { [Key in Name]?: string } = {};
  for (const name of names) {
    const member = value[name];
    if (typeof member === 'string') picked[name] = member;
  }
  return picked;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(path: string, fault: string): EcrpError {
  return new EcrpError('INVALID_INPUT', `docker's config ${path} ${fault}`, {
    hint: 'Nothing was changed. Repair the file or move it away, or set DOCKER_CONFIG to another directory.',
  });
}
