import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { loadSsoSessionData, parseKnownFiles } from '@smithy/core/config';
import { EcrpError } from '../errors.ts';
import type { Environment } from '../io.ts';
import type { CaBundle } from '../net/trusted-roots.ts';

// The user's AWS configuration: the files `config` and `credentials`, and their profiles.

/** One section of the AWS configuration. Members of a nested block are named `block.member`. */
export type Profile = Readonly<Record<string, string | undefined>>;

/** Both files. For a member that is in both, `credentials` counts. */
export interface SharedConfig {
  /** Paths of the files, whether they exist or not; undefined without a home directory. */
  readonly configFile: string | undefined;
  readonly credentialsFile: string | undefined;
  /** In the order of the files. */
  readonly profileNames: readonly string[];
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

/** In botocore's order. */
const PROFILE_VARIABLES = ['AWS_DEFAULT_PROFILE', 'AWS_PROFILE'] as const;

/** Finds the profile that `--profile` or the environment names. */
export function findNamedProfile(option: string | undefined, env: Environment): NamedProfile | undefined {
  if (option !== undefined) return { name: option, origin: '--profile' };
  for (const origin of PROFILE_VARIABLES) {
    const name = env[origin];
    if (name) return { name, origin };
  }
  return undefined;
}

/** The profile that settings come from: the named one, else the default one. */
export interface ProfileInUse {
  readonly config: SharedConfig;
  readonly name: string;
  /** Undefined when the profile does not exist. */
  readonly section: Profile | undefined;
}

/** Reads the files at the first call. */
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

/** Finds the bundle of certificates that the aws CLI would use: `AWS_CA_BUNDLE`, else `ca_bundle` of the profile. */
export async function findCaBundle(
  profile: string | undefined,
  env: Environment,
): Promise<CaBundle | undefined> {
  if (env.AWS_CA_BUNDLE) return { path: env.AWS_CA_BUNDLE, source: 'AWS_CA_BUNDLE' };
  const { name, section } = await prepareProfile(profile, env)();
  const path = section?.ca_bundle;
  return path ? { path, source: `ca_bundle of the profile '${name}'` } : undefined;
}

/** Reads the files that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name, else those in `~/.aws`. A missing file is empty. */
export async function loadSharedConfig(env: Environment): Promise<SharedConfig> {
  const configFile = locateFile(env, 'AWS_CONFIG_FILE', 'config');
  const credentialsFile = locateFile(env, 'AWS_SHARED_CREDENTIALS_FILE', 'credentials');
  const sections = await readSections(configFile, credentialsFile);
  return {
    configFile,
    credentialsFile,
    profileNames: Object.keys(sections.profiles).filter((name) => !/^(services|sso-session)\./.test(name)),
    findProfile: (name) => findSection(sections.profiles, name),
    findSsoSession: (name) => findSection(sections.ssoSessions, name),
    findServices: (name) => findSection(sections.profiles, `services.${name}`),
  };
}

/** Makes the error for a profile that is in neither file. Its code is AUTH: another identity must not stand in. */
export function explainMissingProfile(config: SharedConfig, { name, origin }: NamedProfile): EcrpError {
  const places = [config.configFile, config.credentialsFile].filter((file) => file !== undefined);
  const where = places.length === 0 ? 'there is no home directory' : `it is not in ${places.join(' or ')}`;
  return new EcrpError('AUTH', `${origin}: the profile '${name}' does not exist: ${where}`, {
    hint: "'aws configure list-profiles' lists the profiles.",
  });
}

/**
 * Throws AUTH for a file that cannot be read, or has a section header that is not closed. The SDK's parser skips both: keys would be
 * lost, or belong to another profile.
 */
export async function checkConfigFiles({ configFile, credentialsFile }: SharedConfig): Promise<void> {
  for (const file of [configFile, credentialsFile]) {
    if (file !== undefined) await checkConfigFile(file);
  }
}

async function checkConfigFile(file: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return;
    const problem = code === 'EACCES' ? 'permission denied' : `cannot be read (${String(code)})`;
    throw new EcrpError('AUTH', `${file}: ${problem}`, {
      hint: 'Make the file readable, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
      cause: error,
    });
  }
  const index = readLines(text).findIndex((line) => line.startsWith('[') && !line.endsWith(']'));
  if (index === -1) return;
  throw new EcrpError('AUTH', `${file}: line ${index + 1} is not a section header: ']' is missing`, {
    hint: 'Close the header, as in [profile NAME].',
  });
}

type Sections = Readonly<Record<string, Profile>>;

/** The SDK's parser reads the default file when a path is empty. */
const NO_FILE = '/dev/null';

async function readSections(
  configFile: string | undefined,
  credentialsFile: string | undefined,
): Promise<{ readonly profiles: Sections; readonly ssoSessions: Sections }> {
  if (configFile === undefined && credentialsFile === undefined) return { profiles: {}, ssoSessions: {} };
  const files = { configFilepath: configFile ?? NO_FILE, filepath: credentialsFile ?? NO_FILE };
  provideSdkHome();
  // In this order: the second call reads the first one's cache.
  const parsed = await parseKnownFiles({ ...files, ignoreCache: true });
  const names = [
    ...(await listEmptyProfiles(configFile, CONFIG_HEADER)),
    ...(await listEmptyProfiles(credentialsFile, CREDENTIALS_HEADER)),
  ];
  const profiles = { ...Object.fromEntries(names.map((name) => [name, {}])), ...parsed };
  return { profiles, ssoSessions: await loadSsoSessionData(files) };
}

const NAME = /[\w@+.%:/-]+/;
const CONFIG_HEADER = new RegExp(`^\\[\\s*(?:profile\\s+(["']?)(${NAME.source})\\1|(default))\\s*\\]$`);
const CREDENTIALS_HEADER = new RegExp(`^\\[\\s*()(${NAME.source})()\\s*\\]$`);

const EMPTY_VALUE = /^[^[=]+=$/;

/**
 * Lists the profiles of a file that have no value, which the SDK's parser drops. They have no line, or lines such as
 * `credential_process =`. A section whose lines the parser does not understand is not among them: it may be meant to hold keys. A file
 * that cannot be read has none.
 */
async function listEmptyProfiles(file: string | undefined, header: RegExp): Promise<readonly string[]> {
  const text = file === undefined ? '' : await readFile(file, 'utf8').catch(() => '');
  const filled = readLines(text).filter((line) => line !== '' && !EMPTY_VALUE.test(line));
  return filled.flatMap((line, index) => {
    const [, , name, standard] = header.exec(line) ?? [];
    const isEmpty = filled[index + 1]?.startsWith('[') ?? true;
    return isEmpty ? name || standard || [] : [];
  });
}

/** Splits a file into lines and strips comments by the rule of the SDK's parser. */
function readLines(text: string): readonly string[] {
  return text.split(/\r?\n/).map((line) => line.split(/(?:^|\s)[;#]/)[0]?.trim() ?? '');
}

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
    // The user id has no entry in the passwd file.
    return undefined;
  }
}

/** Finds a section of that very name: the parser's objects have inherited members as well. */
function findSection(sections: Sections, name: string): Profile | undefined {
  return Object.hasOwn(sections, name) ? sections[name] : undefined;
}

/**
 * Gives the SDK a home directory without files when the user has neither HOME nor an entry in passwd. Without it, the SDK throws
 * the system's error, even when it does not need the directory. After HOME it reads these two variables; nothing else does.
 */
export function provideSdkHome(): void {
  try {
    homedir();
  } catch {
    process.env.HOMEDRIVE = '';
    process.env.HOMEPATH = NO_FILE;
  }
}
