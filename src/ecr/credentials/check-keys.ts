import { EcrpError } from '../../errors.ts';
import type { Environment } from '../../io.ts';
import type { AwsCredentials } from './identity.ts';

/** Visible ASCII: all that AWS keys, tokens and regions consist of, and all that a header can carry. */
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

/** Checks each member of a set of keys; `names` are their names in the source. */
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

/** Throws AUTH for half a pair; `values` are an access key and its secret, by their names in the source. */
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
