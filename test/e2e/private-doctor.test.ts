import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeSmallestPolicy } from '../../src/cli/commands/doctor/policy.ts';
import { parseRepository } from '../../src/oci/reference.ts';
import { runCli } from '../support/cli.ts';
import { startTestEmulator } from '../support/emulator.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { startWorkplace } from '../support/workplace.ts';

type Env = Readonly<Record<string, string>>;

const ACCOUNT = '123456789012';
const REGION = 'eu-west-1';
const API_HOST = `api.ecr.${REGION}.amazonaws.com`;
const AWS_HOST = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`;
const POLICY_ARGUMENTS = { service: 'private', account: ACCOUNT, region: REGION } as const;
const HOSTS = { registryHost: 'public.ecr.aws' };
const awsReference = parseRepository(`${AWS_HOST}/team/app`, HOSTS);
const enough = makeSmallestPolicy({ ...POLICY_ARGUMENTS, reference: awsReference }).Statement.flatMap(
  ({ Action }) => Action,
);

type Lacking = 'nothing' | 'token' | 'describe' | 'part' | 'manifest' | 'layer';

/** Principals that lack some of the permissions, by what they lack. */
const LACKING: Readonly<Record<Lacking, readonly string[]>> = {
  nothing: [],
  token: ['ecr:GetAuthorizationToken'],
  describe: ['ecr:DescribeRepositories'],
  part: ['ecr:UploadLayerPart'],
  manifest: ['ecr:BatchGetImage'],
  layer: ['ecr:GetDownloadUrlForLayer'],
};

const nameKey = (lacking: string) => `AKIDOCTOR${lacking.toUpperCase()}`;
const { home, emulator } = await startWorkplace({
  private: { region: REGION },
  allowedHosts: [API_HOST],
  identities: [
    { accessKeyId: 'AKIDOCTORROOT', secretAccessKey: 'sealed-root', allowedActions: ['*'] },
    ...Object.entries(LACKING).map(([lacking, actions]) => ({
      accessKeyId: nameKey(lacking),
      secretAccessKey: 'sealed',
      allowedActions: enough.filter((action) => !actions.includes(action)),
    })),
  ],
});
const host = emulator.privateRegistryHost ?? '';
const privateUrl = emulator.privateUrl ?? '';
const base: Env = { ...home.env, ...emulator.env, AWS_REGION: REGION, PATH: join(home.directory, 'bin') };

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

beforeAll(async () => {
  await mkdir(join(home.directory, 'bin'));
  const { status, stderr } = await runCli(['repo', 'create', `${host}/team/app`], { env: base });
  expect(status, stderr).toBe(0);
});

interface Checked {
  readonly status: string;
  readonly detail: string;
  readonly hint?: string;
}

/** Runs `ecrp doctor ARGV… --json`. */
async function examine(argv: readonly string[], env: Env = base) {
  const result = await runCli(['doctor', ...argv, '--json'], { env });
  const { checks, exitStatus, ...rest } = result.json();
  // The schema of the command is tested elsewhere.
  const list = checks as readonly ({ readonly name: string } & Checked)[];
  expect(exitStatus).toBe(result.status);
  return {
    ...result,
    rest,
    checks: new Map(list.map(({ name, ...check }) => [name, check])),
    find: (status: string) => list.filter((check) => check.status === status).map(({ name }) => name),
  };
}

function asPrincipal(lacking: Lacking): Env {
  return { ...base, AWS_ACCESS_KEY_ID: nameKey(lacking), AWS_SECRET_ACCESS_KEY: 'sealed' };
}

/** Starts a server that ends with the test, and returns its URL. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  // It listens on TCP.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a healthy setup', () => {
  it('passes every check with the smallest policy and nothing more, and is left as it was', async () => {
    const fresh = await mkdtemp(join(home.directory, 'fresh-'));
    const before = emulator.requests.length;
    const env = { ...asPrincipal('nothing'), HOME: fresh };
    const { status, find, rest, stdout, checks } = await examine([`${host}/team/app`], env);
    expect({ status, warning: find('warning'), failed: find('failed'), skipped: find('skipped') }).toEqual({
      status: 0,
      warning: [],
      failed: [],
      skipped: ['identity'],
    });
    const reference = parseRepository(`${host}/team/app`, { ...HOSTS, privateHost: host });
    expect(rest).toMatchObject({
      policy: makeSmallestPolicy({ ...POLICY_ARGUMENTS, reference }),
      managedPolicy: 'AmazonEC2ContainerRegistryPowerUser',
    });
    expect(stdout).not.toContain('sealed');
    expect(checks.get('pull')?.detail).toBe('allowed: BatchGetImage, GetDownloadUrlForLayer');
    expect(checks.get('stored-logins')?.detail).toContain(`docker needs 'ecrp login ${host}'`);
    expect(emulator.requests.slice(before).map((entry) => entry.operation ?? entry.route)).toEqual([
      'GET /',
      'GetAuthorizationToken',
      'DescribeRepositories',
      'BatchCheckLayerAvailability',
      'UploadLayerPart',
      'PutImage',
      'BatchGetImage',
      'GetDownloadUrlForLayer',
    ]);
    expect(await readdir(fresh)).toEqual([]);
  });

  it('of a host alone: what concerns a repository is skipped, and the policy is for a token', async () => {
    const { status, find, rest } = await examine([host]);
    expect({ status, skipped: find('skipped') }).toEqual({
      status: 0,
      skipped: ['identity', 'repository', 'push', 'pull'],
    });
    expect(rest).toMatchObject({
      policy: { Statement: [{ Action: ['ecr:GetAuthorizationToken'], Resource: '*' }] },
      managedPolicy: 'AmazonEC2ContainerRegistryReadOnly',
    });
  });

  it('is printed without a word about ECR Public', async () => {
    const { status, stdout } = await runCli(['doctor', `${host}/team/app`], { env: base });
    expect(status).toBe(0);
    expect(stdout).toContain(
      `\nThe smallest IAM policy for all checks, pushes to ${host}/team/app and pulls from it:\n`,
    );
    expect(stdout).not.toMatch(/ecr-public|ECR Public|gallery|alias/i);
  });

  it('gives docker a login from our helper, which is none that could be stale', async () => {
    const directory = await mkdtemp(join(home.directory, 'docker-'));
    await writeFile(join(directory, 'config.json'), JSON.stringify({ credHelpers: { [host]: 'ecrp' } }));
    const { checks } = await examine([host], { ...base, DOCKER_CONFIG: directory });
    expect(checks.get('stored-logins')).toEqual({
      status: 'ok',
      detail: 'none: docker asks docker-credential-ecrp',
    });
    expect(checks.get('docker-config')?.status).toBe('failed');
  });
});

describe("docker's login", () => {
  const logIn = async (env: Env): Promise<Env> => {
    const given = { ...env, DOCKER_CONFIG: await mkdtemp(join(home.directory, 'docker-')) };
    const { status, stderr } = await runCli(['login', env.ECRP_PRIVATE_REGISTRY_HOST ?? ''], { env: given });
    expect(status, stderr).toBe(0);
    return given;
  };

  it('that the registry takes', async () => {
    const env = await logIn(base);
    const { status, checks } = await examine([host], env);
    expect({ status, check: checks.get('stored-logins') }).toEqual({
      status: 0,
      check: { status: 'ok', detail: `accepted: ${env.DOCKER_CONFIG}/config.json (${host})` },
    });
  });

  it("is not sent to AWS while the endpoint is not AWS's", async () => {
    const { status, checks } = await examine([AWS_HOST]);
    expect({ status, check: checks.get('stored-logins') }).toEqual({
      status: 0,
      check: { status: 'skipped', detail: `${AWS_HOST} belongs to AWS, and the endpoint does not` },
    });
  });

  it('that is for another registry, or not given by the helper of AWS', async () => {
    const directory = await mkdtemp(join(home.directory, 'docker-'));
    const write = (config: object) => writeFile(join(directory, 'config.json'), JSON.stringify(config));
    const env = { ...base, DOCKER_CONFIG: directory };
    const auth = Buffer.from('AWS:p').toString('base64');
    await write({ auths: { [`https://${AWS_HOST}/v2/`]: { auth }, 'ghcr.io': { auth } } });
    expect((await examine([host], env)).checks.get('stored-logins')).toEqual({
      status: 'ok',
      detail: `none: docker needs 'ecrp login ${host}', ecrp itself needs none; docker has one for ${AWS_HOST}, which is another registry`,
    });
    const PATH = await mkdtemp(join(home.directory, 'programs-'));
    const script = "#!/bin/sh\necho 'credentials not found in native keychain'\nexit 1\n";
    await writeFile(join(PATH, 'docker-credential-ecr-login'), script, { mode: 0o755 });
    await write({ credsStore: 'ecr-login' });
    const { status, checks } = await examine([host], { ...env, PATH: `${PATH}:/usr/bin:/bin` });
    expect({ status, check: checks.get('stored-logins') }).toMatchObject({
      status: 0,
      check: { status: 'warning', hint: expect.stringContaining(`ecrp login --credential-helper ${host}`) },
    });
  });

  it('that is wrong, or has expired', async () => {
    const wrong = await logIn(base);
    const auths = { [host]: { auth: Buffer.from('AWS:wrong').toString('base64') } };
    await writeFile(join(wrong.DOCKER_CONFIG ?? '', 'config.json'), JSON.stringify({ auths }));
    // With a lifetime of 1 ms, a quick machine gets the token before it ends.
    const old = await startTestEmulator({ private: {}, tokenLifetimeMs: 0 });
    cleanups.push(() => void old.close());
    const expired = await logIn({ ...home.env, ...old.env, PATH: base.PATH ?? '' });
    for (const [env, registryHost] of [
      [wrong, host],
      [expired, old.privateRegistryHost ?? ''],
    ] as const) {
      const { status, checks } = await examine([registryHost], env);
      expect(status).toBe(4);
      expect(checks.get('token')?.status).toBe(env === wrong ? 'ok' : 'warning');
      expect(checks.get('stored-logins')).toEqual({
        status: 'failed',
        detail: expect.stringMatching(
          /^the registry refuses the login for \S+ in \S+ \(\S+\): it has expired or is wrong, and docker cannot use the registry$/,
        ),
        hint: `Run 'ecrp login ${registryHost}' to store a new one.`,
      });
    }
  });
});

describe('a permission that is missing', () => {
  it.each<[Lacking, string, string, RegExp, string]>([
    [
      'token',
      'token',
      'failed',
      /ecr:GetAuthorizationToken on \*; a token needs ecr:GetAuthorizationToken$/,
      'Allow ecr:GetAuthorizationToken on *, or attach the managed policy AmazonEC2ContainerRegistryReadOnly.',
    ],
    [
      'describe',
      'repository',
      'warning',
      /a push does not need it/,
      'Allow ecr:DescribeRepositories on the repository, or attach the managed policy AmazonEC2ContainerRegistryReadOnly.',
    ],
    [
      'part',
      'push',
      'failed',
      /^no policy allows \S+ ecr:UploadLayerPart on arn:aws:ecr:eu-west-1:123456789012:repository\/team\/app; CloudTrail shows/,
      'Allow ecr:UploadLayerPart on the repository, or attach the managed policy AmazonEC2ContainerRegistryPowerUser.',
    ],
    [
      'manifest',
      'pull',
      'failed',
      /^no policy allows \S+ ecr:BatchGetImage on arn:\S+$/,
      'Allow ecr:BatchGetImage on the repository, or attach the managed policy AmazonEC2ContainerRegistryReadOnly.',
    ],
    [
      'layer',
      'pull',
      'failed',
      /^no policy allows \S+ ecr:GetDownloadUrlForLayer on arn:\S+$/,
      'Allow ecr:GetDownloadUrlForLayer on the repository, or attach the managed policy AmazonEC2ContainerRegistryReadOnly.',
    ],
  ])('%s: %s is %s', async (lacking, name, verdict, detail, hint) => {
    const { status, checks, find } = await examine([`${host}/team/app`], asPrincipal(lacking));
    expect(checks.get(name)).toEqual({ status: verdict, detail: expect.stringMatching(detail), hint });
    expect(status).toBe(verdict === 'failed' ? 4 : 0);
    expect([...find('failed'), ...find('warning')]).toEqual([name]);
  });
});

it('a repository that does not exist: how to create it, and nothing is tried', async () => {
  const before = emulator.count('PutImage');
  const { status, checks } = await examine([`${host}/nowhere`]);
  expect(status).toBe(5);
  expect(checks.get('repository')).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('AmazonEC2ContainerRegistryFullAccess allows to create it'),
    hint: `Run 'ecrp repo create ${host}/nowhere', or push with --create-repo.`,
  });
  expect(['push', 'pull'].map((name) => checks.get(name)?.status)).toEqual(['skipped', 'skipped']);
  expect(emulator.count('PutImage')).toBe(before);
});

describe('of AWS itself', () => {
  const answer = (account: string) => `<GetCallerIdentityResponse><GetCallerIdentityResult>
<Arn>arn:aws:sts::${account}:assumed-role/push/me</Arn><UserId>AROA:me</UserId><Account>${account}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`;

  /** The emulator as AWS's own endpoint of the region, by plain HTTP through a proxy that alone knows the name. */
  async function prepareAws(account: string, seen: string[] = []): Promise<Env> {
    const proxy = await startForwardProxy({ plainHosts: { [API_HOST]: Number(new URL(privateUrl).port) } });
    cleanups.push(() => proxy.close());
    const sts = await serve((request, response) => {
      seen.push(String(request.headers.authorization));
      response.writeHead(200, { 'content-type': 'text/xml' }).end(answer(account));
    });
    return {
      ...base,
      AWS_ENDPOINT_URL_ECR: `http://${API_HOST}`,
      AWS_ENDPOINT_URL_STS: sts,
      http_proxy: `http://${proxy.host}`,
    };
  }

  it('asks STS in the region of the host, and finds the account that owns the registry', async () => {
    const seen: string[] = [];
    const env = await prepareAws(ACCOUNT, seen);
    const { status, checks, rest } = await examine([`${AWS_HOST}/team/app`], env);
    expect(status, JSON.stringify([...checks])).toBe(0);
    expect(seen).toEqual([expect.stringMatching(/\/eu-west-1\/sts\/aws4_request/)]);
    expect(checks.get('registry')).toEqual({ status: 'ok', detail: `${ACCOUNT} in eu-west-1` });
    expect(rest.policy).toEqual(makeSmallestPolicy({ ...POLICY_ARGUMENTS, reference: awsReference }));
  });

  it('says when the registry is that of another account', async () => {
    const { checks } = await examine([`${AWS_HOST}/team/app`], await prepareAws('999999999999'));
    expect(checks.get('registry')?.detail).toBe(
      `${ACCOUNT} in eu-west-1, of another account than the credentials: its policies must allow 999999999999`,
    );
  });

  it('warns of a setting with another region, which the aws CLI would take', async () => {
    const env = { ...(await prepareAws(ACCOUNT)), AWS_REGION: 'us-east-1' };
    const { checks } = await examine([AWS_HOST], env);
    expect(checks.get('region')).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining('AWS_REGION says us-east-1'),
      hint: "Add --region eu-west-1 to each 'aws ecr' command.",
    });
  });
});

it.each([
  ['another region', [`${AWS_HOST}/app`, '--region', 'us-east-1'], {}, 'Leave out --region'],
  ["an emulator's host beside AWS's API", [host], { AWS_ENDPOINT_URL_ECR: '' }, "is not AWS's"],
])('%s stops everything that needs the endpoint', async (_name, argv, env, words) => {
  const before = emulator.requests.length;
  const { status, checks, find } = await examine(argv, { ...base, ...env });
  expect(status).toBe(2);
  const { detail, hint } = checks.get('region') ?? {};
  expect(`${detail} ${hint}`).toContain(words);
  expect(find('ok')).toEqual(['node', 'directories', 'docker-config']);
  expect(emulator.requests.length).toBe(before);
});

it('a host that only looks like one is no registry that ecrp serves', async () => {
  const { status, stderr } = await runCli(['doctor', `${AWS_HOST}.evil.example/app`], { env: base });
  expect(status).toBe(2);
  expect(stderr).toContain('points at');
});
