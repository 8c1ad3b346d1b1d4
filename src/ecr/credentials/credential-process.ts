import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { raceAbort } from '../../async/abort.ts';
import { endOnAbort } from '../../async/end-on-abort.ts';
import { EcrpError } from '../../errors.ts';
import { assertPlainKeys } from './keys.ts';
import type { AwsCredentials, Identity, SourceContext } from './source.ts';

/** Longer than any credentials or error message. */
const MAX_CHARS = 64 * 1024;

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** Such as `exit status 3`; undefined on success. */
  readonly failure: string | undefined;
}

/**
 * Runs the `credential_process` of a profile once. Waits for as long as it takes: it may be asking a person. Throws AUTH with its
 * standard error. Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
export async function runCredentialProcess(
  profile: string,
  command: string,
  context: SourceContext,
): Promise<Identity> {
  const what = `the credential process of the profile '${profile}'`;
  const endWait = context.startWait(what);
  try {
    const { stdout, stderr, failure } = await run(command, context);
    if (failure !== undefined) throw refuse(what, [`failed (${failure})`, stderr.trim()], profile);
    const credentials = parseOutput(stdout, (problem) => refuse(what, [problem, stderr.trim()], profile));
    assertPlainKeys(credentials, {
      accessKeyId: `${what}: AccessKeyId`,
      secretAccessKey: `${what}: SecretAccessKey`,
      sessionToken: `${what}: SessionToken`,
    });
    return { credentials, source: { kind: 'profile', profile, description: what } };
  } finally {
    endWait();
  }
}

async function run(command: string, { env, signal }: SourceContext): Promise<Ended> {
  const child = spawn(command, {
    // The value is a command line. The other SDKs give it to a shell as well.
    shell: true,
    // It may ask a person on the terminal. An image on standard input is not for it.
    stdio: [isatty(0) ? 'inherit' : 'ignore', 'pipe', 'pipe'],
    env: { ...env },
    windowsHide: true,
  });
  endOnAbort(child, signal);
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status, ending) => {
      resolve(status === 0 ? undefined : ending === null ? `exit status ${status}` : `ended by ${ending}`);
    });
  });
  const all = Promise.all([collect(child.stdout), collect(child.stderr), ended]);
  const [stdout, stderr, failure] = await raceAbort(all, signal);
  return { stdout, stderr, failure };
}

/** Returns the beginning of the output. Reads and discards the rest, so that the process can end. */
async function collect(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    if (text.length < MAX_CHARS) text += String(chunk);
  }
  return text;
}

function parseOutput(text: string, fail: (problem: string) => EcrpError): AwsCredentials {
  const { Version, AccessKeyId, SecretAccessKey, SessionToken, Expiration, AccountId } = parseObject(
    text,
    fail,
  );
  if (Version !== 1) throw fail('did not print credentials of Version 1');
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string') {
    throw fail('printed no AccessKeyId and SecretAccessKey');
  }
  const expiration = new Date(typeof Expiration === 'string' ? Expiration : Number.NaN);
  if (expiration.getTime() < Date.now())
    throw fail(`printed credentials that expired at ${String(Expiration)}`);
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(typeof SessionToken === 'string' && SessionToken !== '' && { sessionToken: SessionToken }),
    ...(!Number.isNaN(expiration.getTime()) && { expiration }),
    ...(typeof AccountId === 'string' && AccountId !== '' && { accountId: AccountId }),
  };
}

function parseObject(text: string, fail: (problem: string) => EcrpError): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    // An object by the check; its members stay unknown.
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // The output may be a secret, so no message repeats it.
  }
  throw fail(text.trim() === '' ? 'printed nothing' : 'did not print JSON');
}

function refuse(what: string, said: readonly string[], profile: string): EcrpError {
  const words = said.filter(Boolean).join(': ').replaceAll(/\s+/g, ' ');
  return new EcrpError('AUTH', `${what} ${words}`, {
    hint: `Run the command of credential_process in the profile '${profile}' by hand, and see what it needs.`,
  });
}
