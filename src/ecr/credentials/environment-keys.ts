import type { Environment } from '../../io.ts';
import { assertPlainKeys, assertWhole } from './check-keys.ts';
import type { Identity } from './identity.ts';

/** The keys of the environment; undefined when there are none. Throws AUTH for half a pair, and for keys that cannot be sent. */
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
