import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { runHelperProgram } from '../../src/cli/credential-helper.ts';
import { type CliResult, runCli, spawnCli } from '../support/cli.ts';
import { writeDockerArchive } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

// Which service is asked: that of the profile as well, and never two services in one command.

const { home, emulator } = await startWorkplace();
const { AWS_ENDPOINT_URL_ECR_PUBLIC: url, ECRP_REGISTRY_HOST, ...keys } = emulator.env;
const archive = join(home.directory, 'image.tar');

beforeAll(async () => {
  await mkdir(join(home.directory, '.aws'));
  await writeFile(
    join(home.directory, '.aws', 'config'),
    `[profile local]
endpoint_url = ${url}
aws_access_key_id = ${emulator.accessKeyId}
aws_secret_access_key = ${emulator.secretAccessKey}
[profile malformed]
services = malformed
[services malformed]
ecr_public =
  endpoint_url = localhost:4566
[profile secret]
endpoint_url = http://user:hunter2@127.0.0.1:1
`,
  );
  await writeDockerArchive(archive, [await makeImage({ seed: 1, layers: [{}, {}] })], { style: 'skopeo' });
});
afterEach(() => {
  vi.restoreAllMocks();
});

function ecrp(argv: readonly string[], env: Record<string, string> = {}): Promise<CliResult> {
  return runCli(argv, { env: { ...home.env, DOCKER_CONFIG: join(home.directory, 'docker'), ...env } });
}

/** Lets no request out of this machine, and lists the hosts that were asked. */
function watchRegistries(): readonly string[] {
  const hosts: string[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    hosts.push(new URL(String(input instanceof Request ? input.url : input)).host);
    throw new TypeError('no network in this test');
  });
  return hosts;
}

describe('the endpoint of a profile', () => {
  it.each([
    ['--profile', ['--profile', 'local'], {}],
    ['AWS_PROFILE', [], { AWS_PROFILE: 'local' }],
  ])('named by %s is asked, and named in errors', async (_name, argv, env) => {
    const before = emulator.requests.length;
    const settings = { env: { ...home.env, ...env } };
    const listed = await spawnCli(['repo', 'list', ...argv], settings).ended;
    expect(listed.status, listed.stderr).toBe(0);
    expect(emulator.requests.length).toBeGreaterThan(before);
    const refused = await ecrp(['token', ...argv], env);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain(url);
  });

  it.each([
    ['a profile', ['--profile', 'malformed'], {}, "services section 'malformed'"],
    ['the environment', [], { AWS_ENDPOINT_URL: 'localhost:4566' }, 'AWS_ENDPOINT_URL'],
    ['the flag', ['--endpoint-url', 'localhost:4566'], {}, '--endpoint-url'],
  ])('that is malformed is status 2: of %s', async (_name, argv, env, origin) => {
    const result = await ecrp(['repo', 'list', ...argv], { ...keys, ...env });
    expect(result.status).toBe(2);
    expect(result.stderr).toContain(origin);
  });

  it.each([
    ['a profile', ['--profile', 'secret'], {}],
    ['the environment', [], { AWS_ENDPOINT_URL_ECR_PUBLIC: 'http://user:hunter2@127.0.0.1:1' }],
    ['the flag', ['--endpoint-url', 'http://user:hunter2@127.0.0.1:1'], {}],
  ])('with a password is status 2, and not repeated: of %s', async (_name, argv, env) => {
    const result = await ecrp(['push', archive, 'app:1', '-v', ...argv], { ...keys, ...env });
    expect(result.status).toBe(2);
    expect(result.stderr).not.toContain('hunter2');
    expect((await ecrp(['uploads', 'list', '--json'])).stdout).not.toContain('hunter2');
  });
});

describe('an endpoint that is not AWS, without a registry host', () => {
  const env = { ...keys, AWS_ENDPOINT_URL: url ?? '' };

  it.each([
    [['login']],
    [['login', '--password-stdout']],
    [['login', '--credential-helper']],
    [['logout']],
    [['token']],
    [['push', archive, 'app:1', '--create-repo', '--verify']],
  ])('is status 2 before anything is asked or written: %j', async (argv) => {
    const before = emulator.requests.length;
    const result = await ecrp([...argv], env);
    expect(result.status).toBe(2);
    expect(result.stderr).toContain('ECRP_REGISTRY_HOST');
    expect(emulator.requests.length).toBe(before);
    await expect(readFile(join(home.directory, 'docker', 'config.json'))).rejects.toThrow('ENOENT');
  });

  it('is nothing that the credential helper gives a login for', async () => {
    const settings = { env: { ...home.env, ...env }, stdin: 'public.ecr.aws', main: runHelperProgram };
    const result = await runCli(['get'], settings);
    expect(result.stdout + result.stderr).not.toContain('Secret');
    expect(result.stdout + result.stderr).toContain('ECRP_REGISTRY_HOST');
  });

  it.each([['overwrite'], ['skip'], ['fail']])(
    'is pushed to without a question to public.ecr.aws: --if-exists %s',
    async (policy) => {
      const hosts = watchRegistries();
      const argv = ['push', archive, 'app:1', '--create-repo', '--json', '--if-exists', policy];
      const result = await ecrp(argv, { ...env, ECRP_CACHE_DIR: join(home.directory, `cache-${policy}`) });
      expect(result.status, result.stderr).toBe(0);
      expect(hosts).toEqual([]);
    },
  );

  it('is logged in to when the registry host is named', async () => {
    const result = await ecrp(['token', '--registry-host', ECRP_REGISTRY_HOST ?? ''], env);
    expect(result.status, result.stderr).toBe(0);
  });
});

describe('a registry host', () => {
  it.each([
    ['the environment', [], { ECRP_REGISTRY_HOST: 'user:hunter2@127.0.0.1' }, 'ECRP_REGISTRY_HOST'],
    ['the flag', ['--registry-host', 'user:hunter2@127.0.0.1'], {}, '--registry-host'],
    ['an argument', ['https://user:hunter2@127.0.0.1'], {}, 'login'],
    ['the flag, with a scheme', ['--registry-host', 'https://127.0.0.1'], {}, "'https://127.0.0.1'"],
  ])(
    'that is none is status 2, and a password in it is not repeated: of %s',
    async (_name, argv, more, words) => {
      const result = await ecrp(['login', ...argv], { ...emulator.env, ...more });
      expect(result.status).toBe(2);
      expect(result.stderr).toContain(words);
      expect(result.stderr).not.toContain('hunter2');
    },
  );

  it('has a dual-stack name for the same registry', async () => {
    const env = {
      ...emulator.env,
      ECRP_REGISTRY_HOST: 'ecr-public.aws.com',
      DOCKER_CONFIG: join(home.directory, 'dual'),
    };
    const readHosts = async () =>
      Object.keys(
        JSON.parse(await readFile(join(home.directory, 'dual', 'config.json'), 'utf8')).auths ?? {},
      );
    expect((await ecrp(['login'], env)).status).toBe(0);
    expect(await readHosts()).toEqual(['ecr-public.aws.com']);
    expect((await ecrp(['login', 'public.ecr.aws'], env)).status).toBe(0);
    expect(await readHosts()).toEqual(['ecr-public.aws.com', 'public.ecr.aws']);
    expect((await ecrp(['logout', 'ecr-public.aws.com'], env)).status).toBe(0);
    expect(await readHosts()).toEqual(['public.ecr.aws']);
    for (const stdin of ['ecr-public.aws.com', 'https://public.ecr.aws']) {
      const settings = { env: { ...home.env, ...env }, stdin, main: runHelperProgram };
      expect((await runCli(['get'], settings)).json()).toMatchObject({ ServerURL: stdin, Username: 'AWS' });
    }
  });
});

describe('--region', () => {
  it.each([
    [['repo', 'list', '--region', 'eu-west-1'], 'us-east-1 only'],
    [['push', archive, 'app:1', '--region', 'us-west-2'], 'us-east-1 only'],
    [['login', '--region', 'us-east-1 '], '--region'],
    [['login', '--region', 'us-east-1\n'], '--region'],
  ])('is status 2 before anything is asked: %j', async (argv, words) => {
    const hosts = watchRegistries();
    const result = await ecrp([...argv], keys);
    expect(result.status).toBe(2);
    expect(result.stderr).toContain(words);
    expect(hosts).toEqual([]);
  });

  it('may be any with another endpoint', async () => {
    // The emulator answers what is signed for us-east-1 alone, and says so.
    const result = await ecrp(['repo', 'list', '--region', 'eu-west-1'], emulator.env);
    expect(result.status).toBe(4);
    expect(result.stderr).toContain('valid region');
  });
});
