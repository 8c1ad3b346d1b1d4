import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { chooseCredentials } from '../../../src/ecr/credentials.ts';
import { chooseEndpoint } from '../../../src/ecr/endpoint.ts';
import { PayloadHash } from '../../../src/ecr/payload-hash.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeRandomBytes } from '../../support/images.ts';

describe('the endpoint', () => {
  const env = { AWS_ENDPOINT_URL_ECR_PUBLIC: 'http://127.0.0.1:1', AWS_ENDPOINT_URL: 'http://127.0.0.1:2' };

  test.each([
    ['http://127.0.0.1:3', env, 'http://127.0.0.1:3'],
    [undefined, env, 'http://127.0.0.1:1'],
    [undefined, { AWS_ENDPOINT_URL: 'http://127.0.0.1:2' }, 'http://127.0.0.1:2'],
    [undefined, { ...env, AWS_ENDPOINT_URL_ECR_PUBLIC: '' }, 'http://127.0.0.1:2'],
    [undefined, { ...env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }, undefined],
    [undefined, {}, undefined],
  ])('is chosen: %s, %j → %s', (option, environment, expected) => {
    expect(chooseEndpoint(option, environment)).toBe(expected);
  });

  test.each(['127.0.0.1:5100', 'ftp://host', '', 'http://'])(
    '%j is no endpoint: its origin is named',
    async (value) => {
      const error = await catchError(() => chooseEndpoint(value, {}));
      expect(error.code).toBe('USAGE');
      expect(error.message).toContain('--endpoint-url');
    },
  );

  test('a bad one of the environment names the variable', async () => {
    const error = await catchError(() => chooseEndpoint(undefined, { AWS_ENDPOINT_URL: 'nonsense' }));
    expect(error.message).toContain('AWS_ENDPOINT_URL');
  });
});

describe('credentials', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' };

  test('are the keys of the environment given, and cannot be refreshed', async () => {
    const source = chooseCredentials(undefined, { ...keys, AWS_SESSION_TOKEN: 'token' });
    expect(source.refreshable).toBe(false);
    expect(await source.provide()).toEqual({
      accessKeyId: 'AKID',
      secretAccessKey: 'secret',
      sessionToken: 'token',
    });
  });

  test.each([
    ['an option', 'no-such-profile', keys],
    ['AWS_PROFILE', undefined, { ...keys, AWS_PROFILE: 'no-such-profile' }],
  ])('of a profile that is named by %s come before the keys', async (_name, profile, env) => {
    const source = chooseCredentials(profile, env);
    expect(source.refreshable).toBe(true);
    const { AWS_EC2_METADATA_DISABLED } = process.env;
    process.env.AWS_EC2_METADATA_DISABLED = 'true';
    try {
      const error = await catchError(() => source.provide());
      expect(error.code).toBe('AUTH');
      expect(error.message).toContain('no-such-profile');
    } finally {
      if (AWS_EC2_METADATA_DISABLED === undefined) delete process.env.AWS_EC2_METADATA_DISABLED;
      else process.env.AWS_EC2_METADATA_DISABLED = AWS_EC2_METADATA_DISABLED;
    }
  });
});

describe('the payload hash', () => {
  test.each([0, 1, 1000, 256 * 1024 - 1, 256 * 1024, 3_000_000])('of %i bytes is SHA-256', async (size) => {
    const bytes = makeRandomBytes(size, size);
    const hash = new PayloadHash();
    hash.update(bytes);
    expect(Buffer.from(await hash.digest())).toEqual(createHash('sha256').update(bytes).digest());
  });

  test('of several pieces and texts, and with a secret', async () => {
    const hash = new PayloadHash('key');
    hash.update('first');
    hash.update(Buffer.from('second'));
    const expected = createHmac('sha256', 'key').update('firstsecond').digest();
    expect(Buffer.from(await hash.digest())).toEqual(expected);
  });

  test('of many large ones at once', async () => {
    const all = Array.from({ length: 6 }, (_, seed) => makeRandomBytes(seed, 400_000 + seed));
    const found = await Promise.all(
      all.map(async (bytes) => {
        const hash = new PayloadHash();
        hash.update(bytes);
        return Buffer.from(await hash.digest());
      }),
    );
    expect(found).toEqual(all.map((bytes) => createHash('sha256').update(bytes).digest()));
  });
});
