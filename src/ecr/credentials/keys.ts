import { EcrpError } from '../../errors.ts';
import type { Environment } from '../../io.ts';
import type { AwsCredentials, Identity } from './source.ts';

/** Reads the keys of the environment. Throws AUTH for half a pair, and for keys that cannot be sent. */
export function readEnvironmentKeys(env: Environment): Identity | undefined {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION } = env;
  assertWhole({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }, 'the environment');
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return undefined;
  const expiration = new Date(AWS_CREDENTIAL_EXPIRATION ?? '');
  const credentials = {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
    ...(!Number.isNaN(expiration.getTime()) && { expiration }),
    ...(env.AWS_ACCOUNT_ID && { accountId: env.AWS_ACCOUNT_ID }),
  };
  assertPlainKeys(credentials, {
    accessKeyId: 'AWS_ACCESS_KEY_ID',
    secretAccessKey: 'AWS_SECRET_ACCESS_KEY',
    sessionToken: 'AWS_SESSION_TOKEN',
  });
  return { credentials, source: { kind: 'environment', description: 'the keys of the environment' } };
}

/** Visible ASCII. AWS keys, tokens and regions consist of it, and a header can carry nothing else. */
const PLAIN = /^[\x21-\x7e]+$/;

/** Throws AUTH, naming `origin`, when a value has a space, a line break or another character that cannot be sent. */
export function assertPlain(value: string, origin: string): void {
  if (PLAIN.test(value)) return;
  const found = /[\r\n]/.test(value)
    ? 'a line break'
    : /\s/.test(value)
      ? 'a space'
      : 'a character that is not ASCII';
  throw new EcrpError('AUTH', `${origin}: it contains ${found}`, {
    hint: 'Set it again without it; $(cat FILE) drops a final line break.',
  });
}

/** Throws AUTH as `assertPlain` does for each member of a set of keys. `names` are their names in the source. */
export function assertPlainKeys(
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
  names: Readonly<Record<'accessKeyId' | 'secretAccessKey' | 'sessionToken', string>>,
): void {
  assertPlain(accessKeyId, names.accessKeyId);
  assertPlain(secretAccessKey, names.secretAccessKey);
  if (sessionToken !== undefined) assertPlain(sessionToken, names.sessionToken);
}

/** Throws AUTH when a variable of the region holds a space or line break. */
export function checkRegionVariables(env: Environment): void {
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) {
    const value = env[name];
    if (value) assertPlain(value, name);
  }
}

/** Throws AUTH for half a pair. `values` are an access key and its secret, by their names in the source. */
export function assertWhole(values: Readonly<Record<string, string | undefined>>, origin: string): void {
  const names = Object.keys(values);
  const missing = names.filter((name) => !values[name]);
  if (missing.length === 0 || missing.length === names.length) return;
  const present = names.filter((name) => values[name]);
  throw new EcrpError(
    'AUTH',
    `${origin}: ${present.join(', ')} is set, but ${missing.join(', ')} is missing`,
    {
      hint: `Set ${missing.join(', ')} too, or unset ${present.join(', ')}.`,
    },
  );
}
