import { EcrpError, type ErrorCode } from '../errors.ts';
import { cutText, formatJson, hideLogins } from '../foreign-text.ts';

/** User name and password of a registry. */
export interface Login {
  readonly username: string;
  readonly secret: string;
}

// Fixed texts of docker-credential-helpers. For a client, the first means "no login", not a failure.
export const CREDENTIALS_NOT_FOUND = 'credentials not found in native keychain';
export const NO_SERVER_URL = 'no credentials server URL';
export const NO_USERNAME = 'no credentials username';

/** Reduces a URL such as `https://public.ecr.aws/v1/` to its host, as docker does to compare registries. */
export function reduceToHost(serverUrl: string): string {
  return serverUrl.replace(/^https?:\/\//, '').replace(/\/.*$/s, '');
}

/** Whether anyone can pull from a registry, or nobody can without a login. */
export type RegistryKind = 'public' | 'private';

/** The program `docker-credential-ecrp` and its logins. */
export interface CredentialHelper {
  /** Name of the program, for its usage and version. */
  readonly name: string;
  readonly version: string;
  readonly username: string;
  /** Undefined for a host that is no registry of this program. */
  findKind(registryHost: string): RegistryKind | undefined;
  /** Lists registries of this program, for clients that ask for every login. */
  listHosts(): readonly string[];
  /** Gets a login from the cache or from the service. */
  getLogin(registryHost: string): Promise<Login>;
  /** Removes the cached logins. */
  forgetLogins(): void;
}

/** After any other error docker continues without a login: anyone can pull from a public registry. */
const FATAL_CODES: readonly ErrorCode[] = ['INTERNAL', 'INTERRUPTED'];

/** Output and exit status of the process. The protocol has errors on standard output. */
export interface HelperAnswer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitStatus: 0 | 1;
}

/**
 * Answers one verb of docker's credential-helper protocol (docker-credential-helpers, `credentials/`). `store` keeps nothing for our
 * registries, because `get` makes logins on demand, and refuses any other registry.
 * @param argv One verb. Any other number of arguments is answered with the usage.
 * @param stdin Input of the verb.
 */
export async function runCredentialHelper(
  argv: readonly string[],
  stdin: string,
  helper: CredentialHelper,
): Promise<HelperAnswer> {
  const usage = `Usage: ${helper.name} <store|get|erase|list|version>`;
  const [verb, ...others] = argv;
  if (others.length > 0) return fail(usage);
  switch (verb) {
    case 'get':
      return answerGet(stdin.trim(), helper);
    case 'store':
      return answerStore(stdin, helper);
    case 'erase':
      return answerErase(stdin.trim(), helper);
    case 'list':
      return succeed(
        formatJson(Object.fromEntries(helper.listHosts().map((host) => [host, helper.username]))),
      );
    case '-h':
    case '--help':
      return succeed(usage);
    case 'version':
    case '-v':
    case '--version':
      return succeed(`${helper.name} ${helper.version}`);
    case undefined:
      return fail(usage);
    default:
      return fail(`${helper.name}: unknown action: ${verb}`);
  }
}

async function answerGet(serverUrl: string, helper: CredentialHelper): Promise<HelperAnswer> {
  if (serverUrl === '') return fail(NO_SERVER_URL);
  const registryHost = reduceToHost(serverUrl);
  const kind = helper.findKind(registryHost);
  if (kind === undefined) return fail(CREDENTIALS_NOT_FOUND);
  try {
    const { username, secret } = await helper.getLogin(registryHost);
    return succeed(formatJson({ ServerURL: serverUrl, Username: username, Secret: secret }));
  } catch (error) {
    if (!(error instanceof EcrpError)) throw error;
    return answerWithoutLogin(error, helper, kind);
  }
}

/**
 * Answers `get` after an error. For a public registry docker continues without a login. For a private one this is an error. docker drops
 * what a failed helper says on standard output, so standard error has the cause as well.
 */
export function answerWithoutLogin(
  { code, message, hint }: EcrpError,
  { name }: Pick<CredentialHelper, 'name'>,
  kind: RegistryKind,
): HelperAnswer {
  const shown = cutText(hideLogins(message));
  const words = hint === undefined ? shown : `${shown}. ${hint}`;
  if (FATAL_CODES.includes(code)) return fail(words);
  return fail(kind === 'public' ? CREDENTIALS_NOT_FOUND : words, `${name}: ${words}\n`);
}

function answerStore(stdin: string, helper: CredentialHelper): HelperAnswer {
  let serverUrl: unknown;
  let username: unknown;
  try {
    ({ ServerURL: serverUrl, Username: username } = JSON.parse(stdin));
  } catch {
    return fail(`${helper.name}: the input is not valid JSON`);
  }
  if (typeof serverUrl !== 'string' || serverUrl === '') return fail(NO_SERVER_URL);
  if (typeof username !== 'string' || username === '') return fail(NO_USERNAME);
  if (isKnown(serverUrl, helper)) {
    const note = `${helper.name}: nothing is stored: it gets a login for ${serverUrl} when one is needed`;
    return { ...succeed(''), stderr: `${note}, with your AWS credentials\n` };
  }
  return fail(`${helper.name} gets logins for Amazon ECR only and cannot store one for ${serverUrl}`);
}

function answerErase(serverUrl: string, helper: CredentialHelper): HelperAnswer {
  if (serverUrl === '') return fail(NO_SERVER_URL);
  if (!isKnown(serverUrl, helper)) return fail(CREDENTIALS_NOT_FOUND);
  helper.forgetLogins();
  return succeed('');
}

function isKnown(serverUrl: string, helper: CredentialHelper): boolean {
  return helper.findKind(reduceToHost(serverUrl)) !== undefined;
}

function succeed(output: string): HelperAnswer {
  return { stdout: output === '' ? '' : `${output}\n`, stderr: '', exitStatus: 0 };
}

function fail(message: string, stderr = ''): HelperAnswer {
  return { stdout: `${message}\n`, stderr, exitStatus: 1 };
}
