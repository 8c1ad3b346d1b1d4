import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliResult, makeHome, spawnCli } from '../support/cli.ts';

// What a release is rehearsed with: an emulator, and a command beside it that knows nothing of it.

const root = join(import.meta.dirname, '..', '..');
const archive = join(root, 'fixtures', 'archives', 'skopeo-oci.tar');
const ecrp = `${process.execPath} ${join(root, 'bin', 'ecrp.js')}`;

let home: Awaited<ReturnType<typeof makeHome>>;
let identity: string;
beforeAll(async () => {
  home = await makeHome();
  identity = await keep('publisher.json', {
    ...{ accessKeyId: 'PUBLISHER', secretAccessKey: 'not to be told', sessionToken: "it's a session" },
    allowedActions: ['ecr-public:Describe*', 'ecr-public:CreateRepository', 'ecr-public:BatchCheck*'],
  });
});
afterAll(() => home.remove());

async function keep(name: string, document: unknown): Promise<string> {
  const file = join(home.directory, name);
  await writeFile(file, typeof document === 'string' ? document : JSON.stringify(document));
  return file;
}

/** Runs a shell script beside an emulator. */
async function rehearse(options: readonly string[], script: string): Promise<CliResult> {
  const argv = ['emulator', '--port', '0', ...options, '--', 'sh', '-c', script];
  return spawnCli(argv, { env: home.env }).ended;
}

it('a push with fewer rights than it needs names the one that is missing', async () => {
  const script = `${ecrp} repo create app && ${ecrp} push ${archive} app:1.0 --json`;
  const result = await rehearse(['--identity', identity], script);
  expect(result.status).toBe(4);
  const [, document = ''] = /^.*\n(.*)\n$/.exec(result.stdout) ?? [];
  expect(JSON.parse(document)).toMatchObject({
    error: {
      code: 'AUTH',
      awsError: 'AccessDeniedException',
      operation: 'InitiateLayerUpload',
      hint: expect.stringContaining('ecr-public:InitiateLayerUpload'),
    },
  });
});

it('its environment can be read by a shell, whatever is in a key', async () => {
  const script = 'printf %s "$AWS_SESSION_TOKEN"';
  expect((await rehearse(['--identity', identity], script)).stdout).toBe("it's a session");
  const { child, ended } = spawnCli(['emulator', '--port', '0', '--identity', identity], { env: home.env });
  child.stderr?.once('data', () => child.kill('SIGTERM'));
  const { stdout } = await ended;
  expect(stdout).toContain("export AWS_SECRET_ACCESS_KEY='not to be told'\n");
  expect(stdout).toContain(`export AWS_SESSION_TOKEN='it'\\''s a session'\n`);
});

it('a token that has ended pushes nothing', async () => {
  const program = await keep(
    'ask.js',
    `const headers = { authorization: 'Bearer ' + process.argv[2] };
    fetch(process.env.AWS_ENDPOINT_URL_ECR_PUBLIC + '/v2/', { headers }).then(({ status }) => console.log(status));`,
  );
  const script = `token=$(${ecrp} token); sleep 1.1; ${process.execPath} ${program} "$token"`;
  expect((await rehearse(['--token-lifetime', '1'], script)).stdout).toBe('400\n');
  expect((await rehearse(['--token-lifetime', '1', '--registry-mode', 'oci'], script)).stdout).toBe('401\n');
});

it('a push keeps within the real quotas', async () => {
  const script = `${ecrp} push ${archive} app:1.0 --create-repo --json`;
  const { status, stdout } = await rehearse(['--quotas', 'real'], script);
  expect({ status, retries: JSON.parse(stdout).retries }).toEqual({ status: 0, retries: 0 });
});

it.each([
  ['is not there', undefined, 'ENOENT'],
  ['is no JSON', '{"secretAccessKey": "hidden"', 'it is not JSON'],
  ['has a key of another form', { accessKeyId: 'a/b', secretAccessKey: 'hidden' }, 'accessKeyId must be'],
])('an identity file that %s is refused by its name, without a secret', async (_, document, text) => {
  const file =
    document === undefined ? join(home.directory, 'absent.json') : await keep('bad.json', document);
  const { status, stderr } = await rehearse(['--identity', file], 'true');
  expect(status).toBe(3);
  expect(stderr).toContain(file);
  expect(stderr).toContain(text);
  expect(stderr).not.toContain('hidden');
});

it.each([
  ['--quotas', 'some'],
  ['--registry-mode', 'gcr'],
  ['--token-lifetime', '0'],
])('refuses %s %s', async (option, value) => {
  const { status, stderr } = await rehearse([option, value], 'true');
  expect(status).toBe(2);
  expect(stderr).toContain(option);
});
