import { EcrpError } from '../errors.ts';
import { formatJson } from '../foreign-text.ts';
import {
  CREDENTIALS_NOT_FOUND,
  type Login,
  NO_SERVER_URL,
  NO_USERNAME,
  reduceToHost,
} from './helper-protocol.ts';

export interface CredentialHelper {
  /** The program's name, for its usage and version. */
  readonly name: string;
  readonly version: string;
  /** The one registry that it has a login for. */
  readonly registryHost: string;
  readonly username: string;
  /** Gets a login from the service. */
  getLogin(): Promise<Login>;
}

/** What the process has to print and end with. The protocol wants errors on standard output, too. */
export interface HelperAnswer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitStatus: 0 | 1;
}

/**
 * Answers docker's credential-helper protocol (docker-credential-helpers, `credentials/`): one verb, its input on
 * standard input. Nothing is kept, so `store` and `erase` have nothing to do for our registry and refuse any other.
 */
export async function runCredentialHelper(
  verb: string | undefined,
  stdin: string,
  helper: CredentialHelper,
): Promise<HelperAnswer> {
  switch (verb) {
    case 'get':
      return answerGet(stdin.trim(), helper);
    case 'store':
      return answerStore(stdin, helper);
    case 'erase':
      return answerErase(stdin.trim(), helper);
    case 'list':
      return succeed(formatJson({ [helper.registryHost]: helper.username }));
    case 'version':
    case '--version':
      return succeed(`${helper.name} ${helper.version}`);
    case undefined:
      return fail(`Usage: ${helper.name} <store|get|erase|list|version>`);
    default:
      return fail(`${helper.name}: unknown action: ${verb}`);
  }
}

async function answerGet(serverUrl: string, helper: CredentialHelper): Promise<HelperAnswer> {
  if (serverUrl === '') return fail(NO_SERVER_URL);
  if (reduceToHost(serverUrl) !== helper.registryHost) return fail(CREDENTIALS_NOT_FOUND);
  try {
    const { username, secret } = await helper.getLogin();
    return succeed(formatJson({ ServerURL: serverUrl, Username: username, Secret: secret }));
  } catch (error) {
    if (!(error instanceof EcrpError)) throw error;
    const message = error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
    // Without AWS credentials a pull can still go on as nobody: everything in ECR Public is public.
    return error.code === 'AUTH'
      ? fail(CREDENTIALS_NOT_FOUND, `${helper.name}: ${message}\n`)
      : fail(message);
  }
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
  if (reduceToHost(serverUrl) === helper.registryHost) return succeed('');
  return fail(
    `${helper.name} gets logins for ${helper.registryHost} only and cannot store one for ${serverUrl}`,
  );
}

function answerErase(serverUrl: string, helper: CredentialHelper): HelperAnswer {
  if (serverUrl === '') return fail(NO_SERVER_URL);
  return reduceToHost(serverUrl) === helper.registryHost ? succeed('') : fail(CREDENTIALS_NOT_FOUND);
}

function succeed(output: string): HelperAnswer {
  return { stdout: output === '' ? '' : `${output}\n`, stderr: '', exitStatus: 0 };
}

function fail(message: string, stderr = ''): HelperAnswer {
  return { stdout: `${message}\n`, stderr, exitStatus: 1 };
}
