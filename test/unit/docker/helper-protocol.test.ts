import { describe, expect, it } from 'vitest';
import { type CredentialHelper, runCredentialHelper } from '../../../src/docker/helper-protocol.ts';
import { EcrpError } from '../../../src/errors.ts';

const PUBLIC_HOSTS = ['public.ecr.aws', 'ecr-public.aws.com'];
const PRIVATE_HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

function makeHelper(getLogin: CredentialHelper['getLogin']): CredentialHelper {
  return {
    name: 'docker-credential-ecrp',
    version: '1.2.3',
    username: 'AWS',
    findKind: (host) =>
      PUBLIC_HOSTS.includes(host) ? 'public' : host === PRIVATE_HOST ? 'private' : undefined,
    listHosts: () => [...PUBLIC_HOSTS, PRIVATE_HOST],
    getLogin,
    forgetLogins: () => undefined,
  };
}

const helper = makeHelper(async () => ({ username: 'AWS', secret: 'password' }));
const neverAsked = makeHelper(async () => {
  throw new Error('asked the service');
});
const notFound = { stdout: 'credentials not found in native keychain\n', stderr: '', exitStatus: 1 };

describe('docker-credential-ecrp', () => {
  it.each([
    'public.ecr.aws',
    'ecr-public.aws.com',
    'public.ecr.aws\n',
    'https://public.ecr.aws',
    'https://public.ecr.aws/v1/',
    PRIVATE_HOST,
    `https://${PRIVATE_HOST}/v2/`,
  ])('gets a login for %j', async (serverUrl) => {
    const { stdout, stderr, exitStatus } = await runCredentialHelper(['get'], serverUrl, helper);
    expect(JSON.parse(stdout)).toEqual({
      ServerURL: serverUrl.trim(),
      Username: 'AWS',
      Secret: 'password',
    });
    expect([stderr, exitStatus]).toEqual(['', 0]);
  });

  it('asks for the login of the host of the URL', async () => {
    const asked: string[] = [];
    const asking = makeHelper(async (host) => {
      asked.push(host);
      return { username: 'AWS', secret: 'password' };
    });
    await runCredentialHelper(['get'], `https://${PRIVATE_HOST}/v2/`, asking);
    await runCredentialHelper(['get'], 'public.ecr.aws', asking);
    expect(asked).toEqual([PRIVATE_HOST, 'public.ecr.aws']);
  });

  it('has no login for another registry and does not ask the service', async () => {
    for (const serverUrl of ['index.docker.io', 'https://public.ecr.aws.example/', 'ecr.aws']) {
      expect(await runCredentialHelper(['get'], serverUrl, neverAsked)).toEqual(notFound);
    }
  });

  it.each(['AUTH', 'UNAVAILABLE', 'LIMIT', 'USAGE', 'INVALID_INPUT'] as const)(
    'lets a pull go on as nobody after %s, and says why beside',
    async (code) => {
      const failing = makeHelper(async () => {
        throw new EcrpError(code, 'no AWS credentials were found', { hint: 'Set AWS_PROFILE.' });
      });
      expect(await runCredentialHelper(['get'], 'public.ecr.aws', failing)).toEqual({
        ...notFound,
        stderr: 'docker-credential-ecrp: no AWS credentials were found. Set AWS_PROFILE.\n',
      });
    },
  );

  it.each(['AUTH', 'UNAVAILABLE', 'LIMIT', 'USAGE', 'INVALID_INPUT'] as const)(
    'reports %s for a private registry, where docker prints it and where the protocol has it',
    async (code) => {
      const failing = makeHelper(async () => {
        throw new EcrpError(code, 'no AWS credentials at https://me:sealed@x', { hint: 'Set AWS_PROFILE.' });
      });
      const words = 'no AWS credentials at https://…@x. Set AWS_PROFILE.\n';
      expect(await runCredentialHelper(['get'], PRIVATE_HOST, failing)).toEqual({
        stdout: words,
        stderr: `docker-credential-ecrp: ${words}`,
        exitStatus: 1,
      });
    },
  );

  it.each(['INTERNAL', 'INTERRUPTED'] as const)(
    'reports %s on standard output, as the protocol demands',
    async (code) => {
      const failing = makeHelper(async () => {
        throw new EcrpError(code, 'x is not a function');
      });
      expect(await runCredentialHelper(['get'], 'public.ecr.aws', failing)).toEqual({
        stdout: 'x is not a function\n',
        stderr: '',
        exitStatus: 1,
      });
    },
  );

  it('leaves an unknown error to its caller', async () => {
    await expect(runCredentialHelper(['get'], 'public.ecr.aws', neverAsked)).rejects.toThrow(
      'asked the service',
    );
  });

  it('removes cached logins on erase, and only then', async () => {
    let forgotten = 0;
    const keeping = { ...helper, forgetLogins: () => (forgotten += 1) };
    await runCredentialHelper(['erase'], 'a.example', keeping);
    await runCredentialHelper(['get'], 'public.ecr.aws', keeping);
    expect(forgotten).toBe(0);
    await runCredentialHelper(['erase'], 'https://public.ecr.aws', keeping);
    expect(forgotten).toBe(1);
  });

  it('stores and erases a login of its own registry', async () => {
    const stored = JSON.stringify({ ServerURL: 'public.ecr.aws', Username: 'AWS', Secret: 'x' });
    const done = { stdout: '', stderr: '', exitStatus: 0 };
    const note =
      'nothing is stored: it gets a login for public.ecr.aws when one is needed, with your AWS credentials';
    expect(await runCredentialHelper(['store'], stored, neverAsked)).toEqual({
      ...done,
      stderr: `docker-credential-ecrp: ${note}\n`,
    });
    expect(await runCredentialHelper(['erase'], 'https://public.ecr.aws\n', neverAsked)).toEqual(done);
    expect(await runCredentialHelper(['erase'], 'a.example', neverAsked)).toEqual(notFound);
  });

  it.each([
    ['get', '', 'no credentials server URL'],
    ['erase', ' \n', 'no credentials server URL'],
    ['store', '{}', 'no credentials server URL'],
    ['store', '{"ServerURL":"public.ecr.aws"}', 'no credentials username'],
    ['store', 'null', 'docker-credential-ecrp: the input is not valid JSON'],
    ['store', '{', 'docker-credential-ecrp: the input is not valid JSON'],
    [
      'store',
      '{"ServerURL":"a.example","Username":"me","Secret":"hush"}',
      'docker-credential-ecrp gets logins for Amazon ECR only and cannot store one for a.example',
    ],
    ['delete', '', 'docker-credential-ecrp: unknown action: delete'],
  ])('%s of %j fails with its fixed text', async (verb, input, message) => {
    const failed = { stdout: `${message}\n`, stderr: '', exitStatus: 1 };
    expect(await runCredentialHelper([verb], input, neverAsked)).toEqual(failed);
  });

  it.each([
    [[], 1],
    [['get', 'public.ecr.aws'], 1],
    [['--help'], 0],
    [['-h'], 0],
  ])('answers %j with its usage and status %d', async (argv, exitStatus) => {
    const stdout = 'Usage: docker-credential-ecrp <store|get|erase|list|version>\n';
    expect(await runCredentialHelper(argv, '', neverAsked)).toEqual({ stdout, stderr: '', exitStatus });
  });

  it('lists its registries and prints its version', async () => {
    expect((await runCredentialHelper(['list'], '', neverAsked)).stdout).toBe(
      `{"public.ecr.aws":"AWS","ecr-public.aws.com":"AWS","${PRIVATE_HOST}":"AWS"}\n`,
    );
    expect((await runCredentialHelper(['version'], '', neverAsked)).stdout).toBe(
      'docker-credential-ecrp 1.2.3\n',
    );
  });
});
