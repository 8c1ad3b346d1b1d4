import { spawn } from 'node:child_process';
import { onAbort } from '../async/abort.ts';
import { endOnAbort } from '../async/end-on-abort.ts';
import { EcrpError } from '../errors.ts';
import type { Environment } from '../io.ts';
import { isObject } from '../json.ts';
import { CREDENTIALS_NOT_FOUND, type Login } from './helper-protocol.ts';

/** Logins that a program `docker-credential-<name>` keeps. All methods throw AUTH if the program is missing or fails. */
export interface CredentialStore {
  /** Undefined if the program has no login for the host. */
  get(host: string): Promise<Login | undefined>;
  store(host: string, login: Login): Promise<void>;
  /** Returns true if there was a login. */
  erase(host: string): Promise<boolean>;
  /** Lists the hosts or URLs that have a login. */
  list(): Promise<readonly string[]>;
}

/** Far more than any login or error message. */
const MAX_OUTPUT_CHARS = 1024 * 1024;

/** Most bytes that Windows' Credential Manager keeps for a login: CRED_MAX_CREDENTIAL_BLOB_SIZE of wincred.h. */
const MOST_WINDOWS_BYTES = 5 * 512;
/** Windows' text for a login that is too long. Docker Desktop's own store passes it on. */
const WINDOWS_TOO_LONG = /stub received bad data/i;

type Verb = 'get' | 'store' | 'erase' | 'list';

interface Outcome {
  readonly exitStatus: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Opens the store of a credential helper on the PATH of `env`. Passes secrets by standard input, never as arguments. */
export function openCredentialStore(name: string, env: Environment, signal?: AbortSignal): CredentialStore {
  const program = `docker-credential-${name}`;
  // The name comes from a file. With a path separator it could start any program.
  if (!/^[\w.-]+$/.test(name)) throw refuse(program, 'is not the name of a program');

  /** Returns the output, or undefined if the program has no such login. */
  const run = async (verb: Verb, input: string): Promise<string | undefined> => {
    const { exitStatus, stdout, stderr } = await runProgram(program, verb, input, env, signal);
    if (exitStatus === 0) return stdout;
    const message = stdout.trim();
    if (message === CREDENTIALS_NOT_FOUND && verb !== 'store') return undefined;
    throw refuse(program, `failed to ${verb}: ${message || stderr.trim() || `exit status ${exitStatus}`}`);
  };
  return {
    async get(host) {
      const output = await run('get', host);
      return output === undefined ? undefined : parseLogin(output, program);
    },
    async store(host, { username, secret }) {
      const bytes = Buffer.byteLength(secret);
      if (name === 'wincred' && bytes > MOST_WINDOWS_BYTES) throw refuseLength(program, bytes);
      try {
        await run('store', JSON.stringify({ ServerURL: host, Username: username, Secret: secret }));
      } catch (error) {
        throw error instanceof EcrpError && WINDOWS_TOO_LONG.test(error.message)
          ? refuseLength(program, bytes)
          : error;
      }
    },
    async erase(host) {
      return (await run('erase', host)) !== undefined;
    },
    async list() {
      // Docker's own client sends this text too.
      return parseList((await run('list', 'unused')) ?? '{}', program);
    },
  };
}

function runProgram(
  program: string,
  verb: Verb,
  input: string,
  env: Environment,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [verb], { env });
    let stdout = '';
    let stderr = '';
    const checkLength = (): void => {
      if (stdout.length + stderr.length <= MAX_OUTPUT_CHARS) return;
      child.kill('SIGKILL');
      reject(refuse(program, `prints more than ${MAX_OUTPUT_CHARS} characters`));
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      checkLength();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      checkLength();
    });
    if (signal !== undefined) {
      endOnAbort(child, signal);
      onAbort(signal, () => reject(signal.reason));
    }
    child.on('error', (error) => reject(refuse(program, `cannot be started: ${error.message}`)));
    child.on('close', (status, killer) => resolve({ exitStatus: status ?? killer, stdout, stderr }));
    // A program may ignore its input; the exit status decides.
    child.stdin.on('error', () => undefined).end(input);
  });
}

function parseLogin(output: string, program: string): Login {
  try {
    const { Username, Secret }: { Username?: unknown; Secret?: unknown } = JSON.parse(output);
    if (typeof Username === 'string' && typeof Secret === 'string')
      return { username: Username, secret: Secret };
  } catch {
    // The error below omits the parser's message, which may quote the secret.
  }
  throw refuse(program, 'did not return a login');
}

function parseList(output: string, program: string): readonly string[] {
  try {
    const hosts: unknown = JSON.parse(output);
    if (isObject(hosts)) return Object.keys(hosts);
  } catch {
    // As above.
  }
  throw refuse(program, 'did not return a list of logins');
}

function refuseLength(program: string, bytes: number): EcrpError {
  return new EcrpError(
    'AUTH',
    `docker's credential helper ${program} cannot store the token: it has ${bytes} bytes, and Windows keeps at most ${MOST_WINDOWS_BYTES}`,
    { hint: "Run 'ecrp login --credential-helper': docker then gets a token on demand, and none is stored." },
  );
}

function refuse(program: string, fault: string): EcrpError {
  return new EcrpError('AUTH', `docker's credential helper ${program} ${fault}`, {
    hint: `Repair or install ${program}, or remove it from "credsStore" and "credHelpers" in docker's config.json.`,
  });
}
