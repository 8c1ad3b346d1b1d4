import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliResult, makeHome, spawnCli } from '../support/cli.ts';

// How people rehearse a release: an emulator, with a command beside it that does not know about it.

const root = join(import.meta.dirname, '..', '..');
const archive = join(root, 'fixtures', 'archives', 'skopeo-oci.tar');
const ecrp = `${process.execPath} ${join(root, 'bin', 'ecrp.js')}`;

let home: Awaited<ReturnType<typeof makeHome>>;
let identity: string;
beforeAll(async () => {
  home = await makeHome();
  identity = await keep('publisher.json', {
    ...{ accessKeyId: 'PUBLISHER', secretAccessKey: 'not$to;be&told', sessionToken: "it's-a-session" },
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

it('says where its log cannot be written, and how to choose another place', async () => {
  const { status, stderr } = await rehearse(['--log', '/nowhere/log'], 'true');
  expect(status).toBe(3);
  expect(stderr).toBe(
    'error: the log /nowhere/log cannot be written: no such file or directory (ENOENT)\n' +
      'hint: Give --log a path in a directory that exists and that you may write to.\n',
  );
});

it('its environment can be read by a shell, whatever is in a key', async () => {
  const script = 'printf %s "$AWS_SESSION_TOKEN"';
  expect((await rehearse(['--identity', identity], script)).stdout).toBe("it's-a-session");
  const { child, ended } = spawnCli(['emulator', '--port', '0', '--identity', identity], { env: home.env });
  child.stderr?.once('data', () => child.kill('SIGTERM'));
  const { stdout } = await ended;
  expect(stdout).toContain("export AWS_SECRET_ACCESS_KEY='not$to;be&told'\n");
  expect(stdout).toContain(`export AWS_SESSION_TOKEN='it'\\''s-a-session'\n`);
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

it('serves private ECR beside ECR Public, in the environment of the command', async () => {
  const target = '"$ECRP_PRIVATE_REGISTRY_HOST/app:1.0"';
  const script = `${ecrp} push ${archive} ${target} --create-repo --json && ${ecrp} repo list --json`;
  const { status, stdout, stderr } = await rehearse(['--private-port', '0', '--quotas', 'real'], script);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const [pushed, publicOnes] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(pushed).toMatchObject({ repositoryName: 'app', retries: 0, tags: [{ imageTag: '1.0' }] });
  expect(publicOnes.repositories).toEqual([]);
});

it('says on one line where private ECR is', async () => {
  const argv = ['emulator', '--port', '0', '--private-port', '0', '--json'];
  const { child, ended } = spawnCli(argv, { env: home.env });
  child.stdout?.once('data', () => child.kill('SIGTERM'));
  const { privateUrl, privateRegistryHost, url } = JSON.parse((await ended).stdout);
  expect(privateUrl).toBe(`http://${privateRegistryHost}`);
  expect(privateUrl).not.toBe(url);
});

it('refuses a fault rule about private ECR that it does not serve', async () => {
  const { status, stderr } = await rehearse(['--fault', 'BatchGetImage stall'], 'true');
  expect(status).toBe(2);
  expect(stderr).toContain('BatchGetImage is an operation of private ECR: it needs --private-port');
});

it.each([
  ['is not there', undefined, 'ENOENT'],
  ['is no JSON', '{"secretAccessKey": "hidden"', 'it is not valid JSON'],
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

it('takes itself out of the proxy, and keeps what is out of it already', async () => {
  const script = 'printf "%s %s" "$NO_PROXY" "$no_proxy"';
  const run = async (env: Readonly<Record<string, string>>) => {
    const argv = ['emulator', '--port', '0', '--', 'sh', '-c', script];
    return (await spawnCli(argv, { env: { ...home.env, ...env } }).ended).stdout;
  };
  expect(await run({})).toBe('127.0.0.1 ');
  expect(await run({ NO_PROXY: '10.0.0.0/8, .corp' })).toBe('10.0.0.0/8,.corp,127.0.0.1 ');
  expect(await run({ no_proxy: '*', NO_PROXY: 'ignored' })).toBe('*,127.0.0.1 *,127.0.0.1');
});

it('is reached by the names that were allowed, and by no other', async () => {
  const program = await keep(
    'reach.js',
    `const { request } = require('node:http');
    for (const host of ['registry', 'registry:1', 'other', 'attacker.example'])
      request(process.env.AWS_ENDPOINT_URL_ECR_PUBLIC + '/v2/', { headers: { host } }, (answer) => {
        console.log(host, answer.statusCode);
        // An answer that nobody reads keeps its connection open, and this program with it.
        answer.resume();
      }).end();`,
  );
  const options = ['--host', '0.0.0.0', '--allow-host', 'registry', '--allow-host', 'other'];
  const { stdout } = await rehearse(options, `${process.execPath} ${program}`);
  expect(stdout.split('\n').sort().slice(1)).toEqual([
    'attacker.example 421',
    'other 401',
    'registry 401',
    'registry:1 401',
  ]);
});

it.each([
  [['--host', '0.0.0.0'], 'it needs --allow-host'],
  [['--host', 'registry', '--allow-host', 'registry'], 'It must be an IP address'],
  [['--host', '192.0.2.1', '--allow-host', 'x'], 'this machine has no such address'],
  [['--allow-host', 'http://x'], 'It must be a host name'],
  [['--allow-host', 'x:5100'], 'It must be a host name'],
  // A repeatable option takes one value each time: `b` is the command.
  [['--allow-host', 'a', 'b'], 'cannot run b'],
])('%j is refused', async (options, text) => {
  const { status, stderr } = await spawnCli(['emulator', '--port', '0', ...options], { env: home.env }).ended;
  expect([status, stderr]).toEqual([2, expect.stringContaining(text)]);
});

it('says in its help that the list of processes shows a secret', async () => {
  const { stdout } = await spawnCli(['emulator', '--help'], { env: home.env }).ended;
  expect(stdout.replace(/\s+/g, ' ')).toContain(
    'every user sees it in the list of processes, so prefer --identity',
  );
});
