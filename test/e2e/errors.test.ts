import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { startWorkplace } from '../support/workplace.ts';

// Messages for a person, and results for a script, after an error.

const archives = join(import.meta.dirname, '..', '..', 'fixtures', 'archives');
const one = join(archives, 'docker-20.10-one.tar');
const two = join(archives, 'docker-20.10-two-images.tar');

const { home, emulator } = await startWorkplace();
beforeAll(async () => {
  await writeFile(join(home.directory, 'text.tar'), 'no tar at all\n');
  await mkdir(join(home.directory, 'folder'));
});

interface Expected {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

async function expectFailure(
  argv: readonly string[],
  expected: Expected,
  changes: Record<string, string> = {},
) {
  const settings = { env: { ...home.env, ...emulator.env, ...changes }, cwd: home.directory };
  const plain = await runCli(argv, settings);
  expect(plain).toMatchObject({ status: expected.status, stdout: '' });
  expect(plain.stderr).toMatch(/^error: /m);
  expect(plain.stderr).toContain(expected.message);
  expect(plain.stderr).toMatch(/^hint: /m);
  expect(plain.stderr).toContain(expected.hint);
  const asked = await runCli([...argv, '--json', '-q'], settings);
  expect(asked).toMatchObject({ status: expected.status, stderr: '' });
  expect(asked.json()).toMatchObject({
    schemaVersion: 1,
    error: {
      code: expected.code,
      message: expect.stringContaining(expected.message),
      hint: expect.stringContaining(expected.hint),
    },
    exitStatus: expected.status,
  });
}

describe('a push is refused before anything is sent', () => {
  it.each([
    [['docker.io/team/app:1'], 'points at docker.io', 'REPOSITORY:TAG'],
    [['App:1'], 'not a repository name', 'lower case'],
    [['app@sha256:00'], 'is not a digest', '64 hexadecimal digits'],
    [['app:1', '-t', '-x'], 'not an image tag', '1 to 128'],
    [['app:1', '--catalog', 'c.json'], 'needs --create-repo', 'ecrp push --help'],
    [['app:1', '--compression', 'none', '--compression-level', '9'], 'does not go with', 'ecrp push --help'],
    [[], 'no target for the image', 'REFERENCE'],
  ])('%j', async (argv, message, hint) => {
    const before = emulator.requests.length;
    await expectFailure(['push', one, ...argv], { status: 2, code: 'USAGE', message, hint });
    expect(emulator.requests).toHaveLength(before);
  });

  it.each([
    ['no-such.tar', 3, 'INVALID_INPUT', 'no such file', 'docker save'],
    ['text.tar', 3, 'INVALID_INPUT', 'text.tar', 'OCI image layout'],
    ['.', 3, 'INVALID_INPUT', 'oci-layout', 'docker save'],
    ['-', 3, 'INVALID_INPUT', 'standard input: it is empty', 'before the pipe'],
    [
      'shop:1.0',
      3,
      'INVALID_INPUT',
      'shop:1.0: no such file',
      'name it `-`: docker save shop:1.0 | ecrp push - app:1',
    ],
    ['ghcr.io/a/b', 3, 'INVALID_INPUT', 'no such file', 'docker save ghcr.io/a/b | ecrp push - app:1'],
    ['folder/app', 3, 'INVALID_INPUT', 'no such file', 'Check the path'],
    ['docker:App', 2, 'USAGE', '"App" is not the name of an image', 'docker:NAME:TAG'],
    [two, 2, 'USAGE', 'holds 2 images', 'fixture/other:2'],
  ])('source %s', async (source, status, code, message, hint) => {
    await expectFailure(['push', source, 'app:1'], { status, code, message, hint });
  });

  it('arguments in the other order: the command can be pasted, whatever is in the path', async () => {
    await writeFile(join(home.directory, "it's an image.tar"), '');
    const { stderr } = await runCli(['push', 'app:1', "it's an image.tar"], {
      env: { ...home.env, ...emulator.env },
      cwd: home.directory,
    });
    expect(stderr).toContain(`hint: The archive comes first: ecrp push 'it'\\''s an image.tar' app:1\n`);
  });

  it.each(['text.tar', './text.tar'])('arguments in the other order (%s)', async (path) => {
    await expectFailure(['push', 'app:1', path], {
      status: 2,
      code: 'USAGE',
      message: `"app:1" is not a file, but "${path}" is one`,
      hint: `ecrp push ${path} app:1`,
    });
  });

  it('a digest file that cannot be written', async () => {
    for (const file of ['/nonexistent/digest', '.']) {
      await expectFailure(['push', one, 'app:1', '--digest-file', file], {
        status: 3,
        code: 'INVALID_INPUT',
        message: 'cannot be written',
        hint: '--digest-file',
      });
    }
  });
});

describe('a directory where a file is wanted, or the other way round', () => {
  it.each<[string, readonly string[], string, string]>([
    [
      '--digest-file',
      ['push', one, 'app:1', '--digest-file', 'folder'],
      'it is a directory',
      'Name a file: --digest-file ',
    ],
    [
      '--catalog',
      ['repo', 'create', 'app', '--catalog', 'folder'],
      'it is a directory',
      'Give a JSON or YAML file',
    ],
    ['--log', ['emulator', '--port', '0', '--log', 'folder'], 'it is a directory', 'Name a file: --log '],
    [
      '--identity',
      ['emulator', '--port', '0', '--identity', 'folder'],
      'it is a directory',
      'Give --identity a file that you may read.',
    ],
    [
      '--data',
      ['emulator', '--port', '0', '--data', 'text.tar'],
      'the path leads to a file',
      'Name a directory.',
    ],
    [
      '--data below a file',
      ['emulator', '--data', 'text.tar/x'],
      'the path leads to a file',
      'Name a directory.',
    ],
  ])('%s', async (_name, argv, message, hint) => {
    await expectFailure(argv, { status: 3, code: 'INVALID_INPUT', message, hint });
  });

  it('DOCKER_CONFIG', async () => {
    const message = 'a part of the path is not a directory';
    const hint = 'Set DOCKER_CONFIG to the directory that holds config.json.';
    const changes = { DOCKER_CONFIG: join(home.directory, 'text.tar') };
    await expectFailure(['logout'], { status: 3, code: 'INVALID_INPUT', message, hint }, changes);
  });
});

it('an endpoint at which nothing answers is one error, without a warning beside it', async () => {
  const endpoint = 'http://127.0.0.1:1';
  const env = { ...home.env, ...emulator.env, AWS_ENDPOINT_URL_ECR_PUBLIC: endpoint };
  const { status, stderr } = await runCli(['push', one, 'app:1', '--retry-budget', '3s'], { env });
  expect(status).toBe(8);
  expect(stderr.match(/^(warning|error): .*/gm)).toEqual([
    expect.stringContaining(`nothing accepts connections at ${endpoint}`),
  ]);
});

describe('the service refuses', () => {
  it('a repository that is missing: how to make it', () =>
    expectFailure(['push', one, 'missing:1'], {
      status: 5,
      code: 'NOT_FOUND',
      message: "'missing' does not exist",
      hint: 'ecrp repo create missing',
    }));

  it('an alias that nobody has', () =>
    expectFailure(['push', one, `${emulator.registryHost}/nobody/app:1`], {
      status: 5,
      code: 'NOT_FOUND',
      message: "'nobody' does not exist",
      hint: 'ecrp registry describe',
    }));

  it('a repository to describe or delete: what there is', async () => {
    const expected = { status: 5, code: 'NOT_FOUND', message: 'does not exist', hint: 'ecrp repo list' };
    await expectFailure(['repo', 'describe', 'missing'], expected);
    await expectFailure(['repo', 'delete', 'missing', '--yes'], expected);
  });

  it.each([
    [{ AWS_SECRET_ACCESS_KEY: 'wrong' }, [], 'signature is not accepted', 'AWS_SECRET_ACCESS_KEY'],
    [{ AWS_ACCESS_KEY_ID: 'AKIAOTHER' }, [], 'credentials are not accepted', 'AWS_ACCESS_KEY_ID'],
    [{ AWS_ACCESS_KEY_ID: 'AKIAOTHER' }, [], 'credentials are not accepted', '--verbose says which was used'],
    [{ AWS_ACCESS_KEY_ID: '' }, [], 'AWS_ACCESS_KEY_ID is missing', 'Set AWS_ACCESS_KEY_ID'],
    [{}, ['--profile', 'nobody'], "profile 'nobody'", 'list-profiles'],
    [{}, ['--region', 'eu-west-1'], 'another region', 'leave out --region'],
  ])('credentials: %j %j', (changes, argv, message, hint) =>
    expectFailure(['repo', 'list', ...argv], { status: 4, code: 'AUTH', message, hint }, changes),
  );
});

it('settings of the environment are checked and named', async () => {
  const usage = { status: 2, code: 'USAGE' };
  await expectFailure(
    ['repo', 'list'],
    { ...usage, message: 'AWS_ENDPOINT_URL_ECR_PUBLIC', hint: 'http://' },
    { AWS_ENDPOINT_URL_ECR_PUBLIC: 'localhost' },
  );
  await expectFailure(
    ['login'],
    { ...usage, message: 'ECRP_REGISTRY_HOST', hint: 'HOST:PORT' },
    { ECRP_REGISTRY_HOST: 'https://public.ecr.aws' },
  );
});

it('no output contains a secret, however verbose', async () => {
  await runCli(['repo', 'create', 'secrets'], { env: { ...home.env, ...emulator.env } });
  const outputs: string[] = [];
  for (const argv of [
    ['push', one, 'secrets:1', '-v'],
    ['push', one, 'secrets:1', '-v', '--progress', 'json', '--json'],
    ['repo', 'describe', 'nowhere', '-v'],
    ['login', '-v'],
  ]) {
    const { stdout, stderr } = await runCli(argv, { env: { ...home.env, ...emulator.env } });
    outputs.push(stdout, stderr);
  }
  const { stdout: password } = await runCli(['token', '--password'], {
    env: { ...home.env, ...emulator.env },
  });
  const all = outputs.join('\n');
  expect(all).toContain('GetAuthorizationToken');
  for (const secret of [emulator.secretAccessKey, emulator.accessKeyId, password.slice(0, 20)]) {
    expect(all).not.toContain(secret);
  }
});
