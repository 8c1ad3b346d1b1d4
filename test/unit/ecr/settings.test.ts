import { describe, expect, test } from 'vitest';
import { chooseCredentials } from '../../../src/ecr/credentials.ts';
import { catchError } from '../../support/catch-error.ts';

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
