import { homedir } from 'node:os';
import { join } from 'node:path';
import { loadSsoSessionData, parseKnownFiles } from '@smithy/core/config';
import { EcrpError } from '../errors.ts';
import type { Environment } from '../io.ts';
import { listEmptyProfiles } from './empty-profiles.ts';
import { provideSdkHome } from './sdk-home.ts';

/** One section of the AWS configuration. Members of a nested block are named `block.member`. */
export type Profile = Readonly<Record<string, string | undefined>>;

/** The AWS configuration of a user: both files, the credentials file on top. */
export interface SharedConfig {
  /** Paths of the files, whether they exist or not; undefined without a home directory. */
  readonly configFile: string | undefined;
  readonly credentialsFile: string | undefined;
  findProfile(name: string): Profile | undefined;
  findSsoSession(name: string): Profile | undefined;
  findServices(name: string): Profile | undefined;
}

/** The profile that the user named, and where. */
export interface NamedProfile {
  readonly name: string;
  readonly origin: '--profile' | 'AWS_PROFILE' | 'AWS_DEFAULT_PROFILE';
}

export const DEFAULT_PROFILE = 'default';

/** The variables of the environment, in the order in which botocore looks at them. */
const PROFILE_VARIABLES = ['AWS_DEFAULT_PROFILE', 'AWS_PROFILE'] as const;

/** The profile that `--profile` or the environment names; undefined when neither does. */
export function findNamedProfile(option: string | undefined, env: Environment): NamedProfile | undefined {
  if (option !== undefined) return { name: option, origin: '--profile' };
  for (const origin of PROFILE_VARIABLES) {
    const name = env[origin];
    if (name) return { name, origin };
  }
  return undefined;
}

/** The profile that the settings are read from: the named one, else the default one. */
export interface ProfileInUse {
  readonly config: SharedConfig;
  readonly name: string;
  /** Undefined when the profile does not exist. */
  readonly section: Profile | undefined;
}

/** Reads the files the first time it is called. */
export type LoadProfile = () => Promise<ProfileInUse>;

export function prepareProfile(option: string | undefined, env: Environment): LoadProfile {
  const name = findNamedProfile(option, env)?.name ?? DEFAULT_PROFILE;
  let loaded: Promise<ProfileInUse> | undefined;
  const load: LoadProfile = async () => {
    const config = await loadSharedConfig(env);
    return { config, name, section: config.findProfile(name) };
  };
  return () => {
    loaded ??= load();
    return loaded;
  };
}

/** Reads the files that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name, else those in `~/.aws`. A missing file is empty. */
export async function loadSharedConfig(env: Environment): Promise<SharedConfig> {
  const configFile = locateFile(env, 'AWS_CONFIG_FILE', 'config');
  const credentialsFile = locateFile(env, 'AWS_SHARED_CREDENTIALS_FILE', 'credentials');
  const sections = await readSections(configFile, credentialsFile);
  return {
    configFile,
    credentialsFile,
    findProfile: (name) => findSection(sections.profiles, name),
    findSsoSession: (name) => findSection(sections.ssoSessions, name),
    findServices: (name) => findSection(sections.profiles, `services.${name}`),
  };
}

/** The error for a profile that is in neither file. Code AUTH, as another identity must not stand in for it. */
export function explainMissingProfile(config: SharedConfig, { name, origin }: NamedProfile): EcrpError {
  const places = [config.configFile, config.credentialsFile].filter((file) => file !== undefined);
  const where = places.length === 0 ? 'there is no home directory' : `it is not in ${places.join(' or ')}`;
  return new EcrpError('AUTH', `${origin}: the profile '${name}' does not exist: ${where}`, {
    hint: "'aws configure list-profiles' lists the profiles.",
  });
}

type Sections = Readonly<Record<string, Profile>>;

async function readSections(
  configFile: string | undefined,
  credentialsFile: string | undefined,
): Promise<{ readonly profiles: Sections; readonly ssoSessions: Sections }> {
  if (configFile === undefined && credentialsFile === undefined) return { profiles: {}, ssoSessions: {} };
  // An empty path would mean the default one.
  const files = { configFilepath: configFile ?? NO_FILE, filepath: credentialsFile ?? NO_FILE };
  provideSdkHome();
  // In this order: the second call reads the first one's cache.
  const parsed = await parseKnownFiles({ ...files, ignoreCache: true });
  const names = [
    ...(await listEmptyProfiles(configFile, 'config')),
    ...(await listEmptyProfiles(credentialsFile, 'credentials')),
  ];
  const profiles = { ...Object.fromEntries(names.map((name) => [name, {}])), ...parsed };
  return { profiles, ssoSessions: await loadSsoSessionData(files) };
}

const NO_FILE = '/dev/null';

function locateFile(env: Environment, variable: string, name: string): string | undefined {
  const given = env[variable];
  const home = findHome(env);
  if (!given) return home && join(home, '.aws', name);
  return home !== undefined && given.startsWith('~/') ? join(home, given.slice(2)) : given;
}

function findHome(env: Environment): string | undefined {
  try {
    return env.HOME || env.USERPROFILE || homedir();
  } catch {
    // A user id without an entry in the passwd file.
    return undefined;
  }
}

/** A section of that very name: the parser's objects have inherited members as well. */
function findSection(sections: Sections, name: string): Profile | undefined {
  return Object.hasOwn(sections, name) ? sections[name] : undefined;
}
