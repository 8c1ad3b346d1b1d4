import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithClients, requireAwsCli } from './support/clients.ts';
import { PrivateRegistry } from './support/private-registry.ts';

// Tokens of private ECR beside those of the aws CLI. `login-ways.test.ts` has the clients that log in with them.

describeWithClients('tokens of private ECR', ['aws'], () => {
  let registry: PrivateRegistry;
  beforeAll(async () => {
    registry = await PrivateRegistry.start();
  });
  afterAll(() => registry.sandbox.close());

  // Version 1 of the CLI does not read AWS_ENDPOINT_URL_ECR.
  const callAws = async (...words: readonly string[]): Promise<string> => {
    const { sandbox } = registry;
    const where = ['--endpoint-url', sandbox.emulator.privateUrl ?? ''];
    return (await sandbox.run(requireAwsCli(), 'ecr', ...words, ...where)).stdout.trim();
  };
  const callEcrp = async (...words: readonly string[]): Promise<string> =>
    (await registry.sandbox.ecrp(...words, registry.host)).stdout;
  const ping = async (authorization: string): Promise<number> =>
    (await fetch(`http://${registry.host}/v2/`, { headers: { authorization } })).status;

  test('ecrp token and its password have the form of those of aws, and the registry takes both', async () => {
    const query = ['--query', 'authorizationData[].authorizationToken', '--output', 'text'];
    const tokens = [await callAws('get-authorization-token', ...query), await callEcrp('token')];
    for (const token of tokens.map((each) => each.trim())) {
      expect(Buffer.from(token, 'base64').toString()).toMatch(/^AWS:[!-~]+$/);
      expect(await ping(`Basic ${token}`)).toBe(200);
    }
    const passwords = [
      `${await callAws('get-login-password')}\n`,
      await callEcrp('token', '--password'),
      await callEcrp('login', '--password-stdout'),
    ];
    for (const password of passwords) {
      expect(password).toMatch(/^\S+\n$/);
      const login = Buffer.from(`AWS:${password.trim()}`).toString('base64');
      expect(await ping(`Basic ${login}`)).toBe(200);
    }
    expect(new Set(passwords.map((password) => password.length)).size).toBe(1);
    expect(await ping(`Basic ${Buffer.from('AWS:wrong').toString('base64')}`)).toBe(401);
  });
});
