import { createHash, createHmac } from 'node:crypto';

/** Whose registry it is, and the one key pair that may call the API. */
export interface Identity {
  /** The account: 12 digits. */
  readonly registryId: string;
  /** The default, primary and only alias of the registry. */
  readonly registryAlias: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Keys the registry's tokens; see `TokenContext`. */
  readonly tokenKey: string;
}

export interface IdentityOptions {
  readonly account?: string | undefined;
  readonly alias?: string | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
}

const defaultAccount = '123456789012';

/**
 * The same options give the same identity on every start. What is not given is derived: the alias from the account (8
 * letters and digits, a letter first, like those AWS assigns), the keys from account and alias, since clients cache tokens by
 * access key and two registries must not share one. Throws an `Error` when an option does not have the service's form.
 */
export function deriveIdentity(options: IdentityOptions): Identity {
  const registryId = options.account ?? defaultAccount;
  if (!/^[0-9]{12}$/.test(registryId)) throw new Error(`account must be 12 digits, not '${registryId}'`);
  const registryAlias = options.alias ?? deriveAlias(registryId);
  if (registryAlias.length > 50 || !/^[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(registryAlias)) {
    throw new Error(
      `alias must be 2 to 50 lower-case letters and digits beginning with a letter (single '.', '_' or '-' inside), not '${registryAlias}'`,
    );
  }
  const seed = `${registryId}/${registryAlias}`;
  const secretAccessKey = options.secretAccessKey ?? deriveSecret(seed);
  return {
    registryId,
    registryAlias,
    accessKeyId: checkAccessKeyId(options.accessKeyId ?? deriveAccessKeyId(seed)),
    secretAccessKey,
    tokenKey: createHmac('sha256', secretAccessKey).update(`tokens of ${seed}`).digest('hex'),
  };
}

function deriveAlias(account: string): string {
  const [first = 0, ...rest] = createHash('sha256').update(`alias of ${account}`).digest().subarray(0, 8);
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  return pick(letters, first) + rest.map((byte) => pick(`${letters}0123456789`, byte)).join('');
}

function deriveAccessKeyId(seed: string): string {
  const bytes = createHash('sha256').update(`access key of ${seed}`).digest().subarray(0, 16);
  return `AKIA${[...bytes].map((byte) => pick('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', byte)).join('')}`;
}

function deriveSecret(seed: string): string {
  return createHmac('sha256', 'local emulator of ECR Public').update(seed).digest('base64').slice(0, 40);
}

function checkAccessKeyId(accessKeyId: string): string {
  // A slash would end the key's part of the credential scope.
  if (!/^\w{1,128}$/.test(accessKeyId))
    throw new Error(`access key id must be letters and digits, not '${accessKeyId}'`);
  return accessKeyId;
}

function pick(alphabet: string, byte: number): string {
  return alphabet.charAt(byte % alphabet.length);
}
