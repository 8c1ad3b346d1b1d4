import { describe, expect, test } from 'vitest';
import { chooseCredentials } from '../../../src/ecr/credentials.ts';
import { chooseEndpoint } from '../../../src/ecr/endpoint.ts';
import { catchError } from '../../support/catch-error.ts';

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
