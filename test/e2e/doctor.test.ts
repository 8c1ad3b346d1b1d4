import { chmod, mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeSmallestPolicy } from '../../src/cli/commands/doctor/policy.ts';
import { EcrpError } from '../../src/errors.ts';
import { type CliResult, makeInterruption, runCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { PRIVATE_ROOT, startTlsFront } from '../support/tls-front.ts';
import { startWorkplace } from '../support/workplace.ts';

type Env = Readonly<Record<string, string>>;

const AWS_HOST = 'api.ecr-public.us-east-1.amazonaws.com';
const reference = { registryHost: 'x', repositoryName: 'team/app', privateRegistry: undefined };
const enough = makeSmallestPolicy({
  service: 'public',
  reference,
  account: '123456789012',
}).Statement.flatMap(({ Action }) => Action);

type Lacking = 'nothing' | 'token' | 'bearer' | 'registries' | 'describe' | 'part' | 'image';

/** Principals that lack some of the permissions, by what they lack. */
const LACKING: Readonly<Record<Lacking, readonly string[]>> = {
  nothing: [],
  token: ['ecr-public:GetAuthorizationToken'],
  bearer: ['sts:GetServiceBearerToken'],
  registries: ['ecr-public:DescribeRegistries'],
  describe: ['ecr-public:DescribeRepositories'],
  part: ['ecr-public:UploadLayerPart'],
  image: ['ecr-public:PutImage', 'ecr-public:BatchCheckLayerAvailability'],
};

const nameKey = (lacking: string) => `AKIDOCTOR${lacking.toUpperCase()}`;
const { home, emulator } = await startWorkplace({
  allowedHosts: ['api.example.test', 'registry.example.test', AWS_HOST],
  identities: [
    { accessKeyId: 'AKIDOCTORROOT', secretAccessKey: 'sealed-root', allowedActions: ['*'] },
    ...Object.entries(LACKING).map(([lacking, actions]) => ({
      accessKeyId: nameKey(lacking),
      secretAccessKey: 'sealed',
      allowedActions: enough.filter((action) => !actions.includes(action)),
    })),
    {
      accessKeyId: 'AKIDOCTOROTHER',
      secretAccessKey: 'other',
      allowedActions: ['*'],
      registryId: '222222222222',
      aliases: [{ name: 'stranger' }].map((alias) => ({
        ...alias,
        status: 'ACTIVE' as const,
        primaryRegistryAlias: true,
        defaultRegistryAlias: true,
      })),
    },
  ],
});
const port = Number(new URL(emulator.url).port);
const base: Env = { ...home.env, ...emulator.env, PATH: join(home.directory, 'bin') };

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

beforeAll(async () => {
  const { status } = await runCli(['repo', 'create', 'team/app'], { env: base });
  expect(status).toBe(0);
  await mkdir(join(home.directory, 'bin'));
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
  it('passes every check, with the smallest policy and nothing more, and is left as it was', async () => {
    const before = emulator.requests.length;
    const { status, find, rest, stdout } = await examine(['team/app'], asPrincipal('nothing'));
    expect({ status, warning: find('warning'), failed: find('failed'), skipped: find('skipped') }).toEqual({
      status: 0,
      warning: [],
      failed: [],
      skipped: ['identity'],
    });
    expect(rest).toMatchObject({
      schemaVersion: 1,
      policy: makeSmallestPolicy({ service: 'public', reference, account: '123456789012' }),
      managedPolicy: 'AmazonElasticContainerRegistryPublicPowerUser',
    });
    expect(stdout).not.toContain('sealed');
    expect(stdout).not.toContain(nameKey('nothing'));
    const operations = emulator.requests.slice(before).map((entry) => entry.operation ?? entry.route);
    expect(operations).toEqual([
      'GET /',
      'GetAuthorizationToken',
      'DescribeRegistries',
      'DescribeRepositories',
      'BatchCheckLayerAvailability',
      'UploadLayerPart',
      'PutImage',
    ]);
    const answers = emulator.requests.slice(before).slice(-2);
    expect(answers.map((entry) => entry.status)).toEqual([400, 400]);
  });

  it('leaves nothing on this machine', async () => {
    const fresh = await mkdtemp(join(home.directory, 'fresh-'));
    const repository = `${emulator.registryHost}/${emulator.registryAlias}/team/app`;
    expect((await examine([repository], { ...base, HOME: fresh })).status).toBe(0);
    expect(await readdir(fresh)).toEqual([]);
  });

  it('without a repository: what concerns one is skipped, and the policy is for a token', async () => {
    const { status, find, checks, rest } = await examine([]);
    expect({ status, skipped: find('skipped') }).toEqual({
      status: 0,
      skipped: ['identity', 'repository', 'push'],
    });
    expect(checks.get('push')?.detail).toContain("'ecrp doctor REPO'");
    expect(rest).toMatchObject({ managedPolicy: 'AmazonElasticContainerRegistryPublicReadOnly' });
  });

  it('takes a name of the registry, and refuses that of another one', async () => {
    expect((await examine([emulator.registryHost])).status).toBe(0);
    const { status, stderr } = await runCli(['doctor', 'ghcr.io/a/app'], { env: base });
    expect(status).toBe(2);
    expect(stderr).toContain('points at ghcr.io');
  });

  it('is printed in lines, as soon as each is known, and shown live on a terminal', async () => {
    const argv = ['doctor', 'team/app'];
    const plain = await runCli(argv, { env: base });
    expect(plain.status).toBe(0);
    expect(plain.stdout).toMatch(/^ok {7}node {11}Node \d/);
    expect(plain.stdout).toContain('\nok       push           allowed: ');
    expect(
      JSON.parse(plain.stdout.slice(plain.stdout.indexOf('\n{'), plain.stdout.lastIndexOf('}') + 1)),
    ).toEqual(makeSmallestPolicy({ service: 'public', reference, account: '123456789012' }));
    expect(plain.stderr).toBe('');
    const live = await runCli(argv, { env: base, terminalColumns: 80 });
    expect(live.stderr).toContain('Checking push');
    expect(live.stdout).toBe(
      plain.stdout
        .replace(/valid until \S+/, /valid until \S+/.exec(live.stdout)?.[0] ?? '')
        .replace(/within \S+/, /within \S+/.exec(live.stdout)?.[0] ?? ''),
    );
  });
});

describe('a permission that is missing', () => {
  it.each<[Lacking, string, string, RegExp, string]>([
    [
      'token',
      'token',
      'failed',
      /^no policy allows arn:aws:iam::123456789012:user\/AKIDOCTORTOKEN ecr-public:GetAuthorizationToken on \*; a token needs/,
      'Allow ecr-public:GetAuthorizationToken on *, or attach the managed policy AmazonElasticContainerRegistryPublicReadOnly.',
    ],
    [
      'bearer',
      'token',
      'failed',
      /^no policy allows \S+ sts:GetServiceBearerToken on \*; a token needs ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken$/,
      'Allow sts:GetServiceBearerToken on *, or attach the managed policy AmazonElasticContainerRegistryPublicReadOnly.',
    ],
    [
      'registries',
      'registry',
      'warning',
      /names with an alias/,
      'Allow ecr-public:DescribeRegistries on *, or attach the managed policy AmazonElasticContainerRegistryPublicReadOnly.',
    ],
    [
      'describe',
      'repository',
      'warning',
      /a push does not need it/,
      'Allow ecr-public:DescribeRepositories on the repository, or attach the managed policy AmazonElasticContainerRegistryPublicReadOnly.',
    ],
    [
      'part',
      'push',
      'failed',
      /^no policy allows \S+ ecr-public:UploadLayerPart on arn:\S+; CloudTrail shows/,
      'Allow ecr-public:UploadLayerPart on the repository, or attach the managed policy AmazonElasticContainerRegistryPublicPowerUser.',
    ],
    [
      'image',
      'push',
      'failed',
      /ecr-public:BatchCheckLayerAvailability on arn:\S+; no policy allows \S+ ecr-public:PutImage on /,
      'Allow ecr-public:BatchCheckLayerAvailability, ecr-public:PutImage on the repository, or attach the managed policy AmazonElasticContainerRegistryPublicPowerUser.',
    ],
  ])('%s: %s is %s', async (lacking, name, verdict, detail, hint) => {
    const { status, checks, find } = await examine(['team/app'], asPrincipal(lacking));
    expect(checks.get(name)).toEqual({ status: verdict, detail: expect.stringMatching(detail), hint });
    expect(status).toBe(verdict === 'failed' ? 4 : 0);
    expect([...find('failed'), ...find('warning')]).toEqual([name]);
  });
});

it('an answer from which no permission can be told is a warning', async () => {
  await setFaults(emulator, ['UploadLayerPart error InvalidParameterException']);
  try {
    const { status, checks } = await examine(['team/app']);
    expect(status).toBe(0);
    expect(checks.get('push')).toEqual({
      status: 'warning',
      detail: expect.stringMatching(
        /^the service does not say whether it allows UploadLayerPart; CloudTrail/,
      ),
      hint: 'Push a small image to find out.',
    });
  } finally {
    await setFaults(emulator, []);
  }
});

it('a limit of spooled bytes that is not a size', async () => {
  const { status, checks } = await examine([], { ...base, ECRP_SPOOL_LIMIT: 'much' });
  expect(status).toBe(2);
  expect(checks.get('directories')).toMatchObject({
    status: 'failed',
    hint: expect.stringContaining('Set it to a number of bytes'),
  });
});

describe('a repository', () => {
  it('that does not exist: how to create it, and no push is tried', async () => {
    const before = emulator.count('PutImage');
    const { status, checks } = await examine(['nowhere']);
    expect(status).toBe(5);
    expect(checks.get('repository')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('AmazonElasticContainerRegistryPublicFullAccess allows to create it'),
      hint: "Run 'ecrp repo create nowhere', or push with --create-repo.",
    });
    expect(checks.get('push')).toEqual({
      status: 'skipped',
      detail: "it needs the check 'repository', which did not pass",
    });
    expect(emulator.count('PutImage')).toBe(before);
  });

  it('under the alias of another registry', async () => {
    const { status, checks, find } = await examine([`${emulator.registryHost}/stranger/app`]);
    expect(status).toBe(4);
    expect(checks.get('registry')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('the registry stranger is not yours'),
      hint: expect.stringContaining(emulator.registryAlias),
    });
    expect(find('skipped')).toEqual(['identity', 'repository', 'push']);
  });

  it('under an alias of one’s own', async () => {
    const { status, checks } = await examine([`${emulator.registryHost}/${emulator.registryAlias}/team/app`]);
    expect({ status, push: checks.get('push')?.status }).toEqual({ status: 0, push: 'ok' });
  });
});

describe('credentials', () => {
  const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...keyless } = base;

  it('are missing: the network is checked all the same', async () => {
    const { status, checks, find } = await examine(['team/app'], keyless);
    expect(status).toBe(4);
    expect(checks.get('credentials')).toMatchObject({
      status: 'failed',
      hint: expect.stringContaining('Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'),
    });
    expect(checks.get('endpoint')).toMatchObject({ status: 'ok' });
    expect(find('skipped')).toEqual(['identity', 'token', 'registry', 'repository', 'push']);
  });

  it('have expired', async () => {
    const { status, checks } = await examine([], {
      ...base,
      AWS_CREDENTIAL_EXPIRATION: '2020-01-01T00:00:00Z',
    });
    expect(status).toBe(4);
    expect(checks.get('credentials')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('have expired'),
      hint: 'Get new credentials and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.',
    });
  });

  it('of an SSO session that has expired', async () => {
    const config = join(home.directory, 'sso-config');
    const session =
      '[sso-session corp]\nsso_start_url = https://example.test/start\nsso_region = us-east-1\n';
    await writeFile(
      config,
      `${session}[profile work]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = push\n`,
    );
    const { status, checks } = await examine(['--profile', 'work'], { ...keyless, AWS_CONFIG_FILE: config });
    expect(status).toBe(4);
    expect(checks.get('credentials')).toMatchObject({
      status: 'failed',
      hint: "'aws sso login --profile work' renews the session.",
    });
  });

  it('of the environment come before AWS_PROFILE', async () => {
    const config = join(home.directory, 'profile-config');
    await writeFile(config, '[profile other]\naws_access_key_id = AKOTHER\naws_secret_access_key = x\n');
    const { status, checks } = await examine([], { ...base, AWS_CONFIG_FILE: config, AWS_PROFILE: 'other' });
    expect(status).toBe(0);
    expect(checks.get('credentials')).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining('AWS_PROFILE=other, which is ignored'),
      hint: 'Unset AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to use the profile.',
    });
  });

  it('of a process that tells too much: its words are cut, without a login', async () => {
    const config = join(home.directory, 'telling-config');
    const script = join(home.directory, 'telling');
    const words = `https://me:sealed@vault.example is closed ${'x'.repeat(10_000)}`;
    await writeFile(script, `#!/bin/sh\necho "${words}" >&2; exit 1\n`, { mode: 0o755 });
    await writeFile(config, `[profile telling]\ncredential_process = ${script}\n`);
    const env = { ...keyless, AWS_CONFIG_FILE: config, AWS_PROFILE: 'telling' };
    const { checks, stdout } = await examine([], env);
    expect(checks.get('credentials')).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(/https:\/\/…@vault\.example is closed x+… \(\d+ more characters\)$/),
    });
    expect(stdout).not.toContain('sealed');
  });

  it('with a wrong secret are found, but give no token', async () => {
    const { status, checks } = await examine([], { ...base, AWS_SECRET_ACCESS_KEY: 'wrong' });
    expect(status).toBe(4);
    expect(checks.get('token')).toMatchObject({
      status: 'failed',
      hint: 'Check that AWS_SECRET_ACCESS_KEY belongs to AWS_ACCESS_KEY_ID.',
    });
  });
});

describe('whose the credentials are', () => {
  const ANSWER = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:sts::123456789012:assumed-role/push/me</Arn><UserId>AROA:me</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`;

  /** The emulator as AWS's own endpoint, by plain HTTP through a proxy that alone knows the name. */
  async function prepareAws(sts: RequestListener): Promise<Env> {
    const proxy = await startForwardProxy({ plainHosts: { [AWS_HOST]: port } });
    cleanups.push(() => proxy.close());
    return {
      ...base,
      AWS_ENDPOINT_URL_ECR_PUBLIC: `http://${AWS_HOST}`,
      AWS_ENDPOINT_URL_STS: await serve(sts),
      http_proxy: `http://${proxy.host}`,
    };
  }

  it('is asked of AWS alone, with a signature for STS', async () => {
    const seen: string[] = [];
    const env = await prepareAws((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.writeHead(200, { 'content-type': 'text/xml' }).end(ANSWER);
    });
    const { status, checks } = await examine(['team/app'], env);
    expect(status, JSON.stringify([...checks])).toBe(0);
    expect(checks.get('identity')).toEqual({
      status: 'ok',
      detail: 'arn:aws:sts::123456789012:assumed-role/push/me, account 123456789012',
    });
    expect(seen).toEqual([
      expect.stringMatching(/^POST \/ AWS4-HMAC-SHA256 .*\/us-east-1\/sts\/aws4_request/),
    ]);
    expect(checks.get('proxy')?.detail).toMatch(
      /^http:\/\/api\.ecr-public\S+ through http:\/\/127\.0\.0\.1:\d+ \(http_proxy\), http:\/\/127\.0\.0\.1:\d+ directly$/,
    );
  });

  it('is not known for keys that do not exist', async () => {
    const env = await prepareAws((_, response) =>
      response
        .writeHead(403, { 'content-type': 'text/xml' })
        .end(
          '<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>The security token included in the request is invalid.</Message></Error></ErrorResponse>',
        ),
    );
    const { status, checks } = await examine([], env);
    expect(status).toBe(4);
    expect(checks.get('identity')).toMatchObject({
      status: 'failed',
      detail: 'The credentials are not accepted: The security token included in the request is invalid.',
      hint: expect.stringContaining('Check AWS_ACCESS_KEY_ID'),
    });
  });

  it('an answer that is not of STS', async () => {
    const env = await prepareAws((_, response) => response.writeHead(200).end('<html>hello</html>'));
    const { status, checks } = await examine([], env);
    expect(status).toBe(8);
    expect(checks.get('identity')).toMatchObject({ status: 'failed', hint: expect.any(String) });
  });
});

describe('the way to the service', () => {
  it('another region than that of ECR Public stops everything that needs the endpoint', async () => {
    const { AWS_ENDPOINT_URL_ECR_PUBLIC: _, ...aws } = base;
    const { status, checks, find } = await examine(['team/app', '--region', 'eu-west-1'], aws);
    expect(status).toBe(2);
    expect(checks.get('region')).toMatchObject({ status: 'failed', hint: 'Leave out --region.' });
    expect(find('ok')).toEqual(['node', 'directories', 'docker-config']);
  });

  it('nothing listens there', async () => {
    const before = emulator.requests.length;
    const { status, checks } = await examine(['team/app', '--endpoint-url', 'http://127.0.0.1:1']);
    expect(status).toBe(8);
    expect(checks.get('endpoint')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('nothing accepts connections at http://127.0.0.1:1'),
      hint: expect.stringContaining('Check the endpoint and its port'),
    });
    expect(checks.get('token')?.status).toBe('skipped');
    expect(emulator.requests.slice(before).map(({ operation }) => operation)).toEqual([]);
  });

  it('a captive portal answers with a redirect', async () => {
    const url = await serve((_, response) =>
      response.writeHead(302, { location: 'http://portal.example.test/' }).end(),
    );
    const { status, checks } = await examine(['--endpoint-url', url]);
    expect(status).toBe(8);
    expect(checks.get('endpoint')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('does not look like ECR Public'),
      hint: expect.stringContaining('captive portal'),
    });
  });

  it('a proxy that is none', async () => {
    const { status, checks, find } = await examine(['team/app'], { ...base, https_proxy: 'socks5://x:1' });
    expect(status).toBe(2);
    expect(checks.get('proxy')).toMatchObject({
      status: 'failed',
      detail: 'https_proxy: socks5:// proxies are not supported',
      hint: expect.stringContaining('Set https_proxy to http://HOST:PORT'),
    });
    expect(find('failed')).toEqual(['proxy']);
  });

  it('ALL_PROXY, which is not read', async () => {
    const { checks } = await examine([], { ...base, ALL_PROXY: 'http://x:1' });
    expect(checks.get('proxy')).toMatchObject({
      status: 'warning',
      hint: 'Set https_proxy to the URL of an HTTP proxy if this network needs one.',
    });
  });

  describe('with TLS, behind a proxy', () => {
    async function prepareCompany(): Promise<Env> {
      const front = await startTlsFront(port);
      const hosts = { 'api.example.test': front.port, 'registry.example.test': front.port };
      const proxy = await startForwardProxy({ hosts });
      cleanups.push(
        () => proxy.close(),
        () => front.close(),
      );
      return {
        ...base,
        AWS_ENDPOINT_URL_ECR_PUBLIC: 'https://api.example.test',
        ECRP_REGISTRY_HOST: 'registry.example.test',
        HTTPS_PROXY: `http://${proxy.host}`,
      };
    }

    it('is named with its hosts and certificates', async () => {
      const env = { ...(await prepareCompany()), AWS_CA_BUNDLE: PRIVATE_ROOT };
      const { status, checks } = await examine(['team/app'], env);
      expect(status, JSON.stringify([...checks])).toBe(0);
      expect(checks.get('proxy')?.detail).toContain(
        'https://registry.example.test through http://127.0.0.1:',
      );
      expect(checks.get('certificates')?.detail).toBe(
        `Node's own roots and ${PRIVATE_ROOT} (AWS_CA_BUNDLE), for api.example.test and registry.example.test`,
      );
    });

    it('without the root of the company', async () => {
      const { status, checks } = await examine([], await prepareCompany());
      expect(status).toBe(8);
      expect(checks.get('endpoint')).toMatchObject({
        status: 'failed',
        hint: expect.stringContaining('AWS_CA_BUNDLE'),
      });
    });

    it('with a bundle that cannot be read, and an extra file that cannot', async () => {
      const env = await prepareCompany();
      const { status, checks } = await examine([], { ...env, AWS_CA_BUNDLE: '/no/such.pem' });
      expect(status).toBe(2);
      expect(checks.get('certificates')).toMatchObject({
        status: 'failed',
        detail: 'AWS_CA_BUNDLE: /no/such.pem: no such file',
        hint: 'Name a file that holds certificates in PEM, or unset it.',
      });
      const extra = await examine([], {
        ...env,
        AWS_CA_BUNDLE: PRIVATE_ROOT,
        NODE_EXTRA_CA_CERTS: '/no/extra.pem',
      });
      expect(extra.checks.get('certificates')).toMatchObject({
        status: 'warning',
        hint: 'Set NODE_EXTRA_CA_CERTS to a file of certificates in PEM, or unset it.',
      });
    });
  });

  it('a clock that is an hour ahead is noticed', async () => {
    // Node dates its answers by a clock of its own, so only ours moves, and with it the emulator's check of signatures.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    try {
      const { status, checks } = await examine(['team/app']);
      expect(status).toBe(0);
      expect(checks.get('clock')).toMatchObject({
        status: 'warning',
        detail: expect.stringMatching(/(1 h 00|59) min.* ahead of the service's/),
        hint: "Set the clock, for example with 'sudo timedatectl set-ntp true'.",
      });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("docker's logins", () => {
  const STALE = Buffer.from('AWS:expired').toString('base64');

  /** Runs the doctor with a config of docker, in a directory of its own. */
  async function examineConfig(name: string, config: object | string, env: Env = {}) {
    const directory = join(home.directory, name);
    await mkdir(directory, { recursive: true });
    const file = join(directory, 'config.json');
    await writeFile(file, typeof config === 'string' ? config : JSON.stringify(config), { mode: 0o600 });
    return { file, result: await examine([], { ...base, DOCKER_CONFIG: directory, ...env }) };
  }

  async function writeHelper(name: string, script: string): Promise<void> {
    const path = join(home.directory, 'bin', `docker-credential-${name}`);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
  }

  it('that ecrp stored are accepted', async () => {
    const directory = join(home.directory, 'fresh');
    const env = { ...base, DOCKER_CONFIG: directory };
    expect((await runCli(['login'], { env })).status).toBe(0);
    const { status, checks, stdout } = await examine([], env);
    expect(status).toBe(0);
    const file = join(directory, 'config.json');
    expect(checks.get('docker-config')).toEqual({ status: 'ok', detail: file });
    expect(checks.get('stored-logins')?.detail).toBe(`accepted: ${file} (${emulator.registryHost})`);
    await chmod(file, 0o644);
    expect((await examine([], env)).checks.get('docker-config')).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining('(mode 0644)'),
      hint: `Run: chmod 600 ${file}`,
    });
    expect(stdout).not.toContain('"auth"');
  });

  it('that have expired, in the file', async () => {
    const { file, result } = await examineConfig('stale', {
      auths: { [`https://${emulator.registryHost}/v1/`]: { auth: STALE } },
    });
    expect(result.status).toBe(4);
    expect(result.checks.get('stored-logins')).toEqual({
      status: 'failed',
      detail: `the registry refuses the login for ${emulator.registryHost} in ${file} (https://${emulator.registryHost}/v1/): it has expired or is wrong, and breaks even public pulls`,
      hint: `Run 'ecrp logout ${emulator.registryHost}'; 'ecrp login' stores a new one.`,
    });
    expect(result.stdout).not.toContain(STALE);
    expect(result.stdout).not.toContain('AWS:expired');
  });

  it('that have expired, under a key that logout keeps', async () => {
    const key = `${emulator.registryHost}/alias/app`;
    const { file, result } = await examineConfig('path', { auths: { [key]: { auth: STALE } } });
    expect(result.status).toBe(4);
    expect(result.checks.get('stored-logins')).toMatchObject({
      status: 'failed',
      hint: `Remove ${key} from "auths" in ${file}.`,
    });
  });

  it('that have expired, in a store', async () => {
    await writeHelper('vault', `echo '{"ServerURL":"x","Username":"AWS","Secret":"expired"}'`);
    const { result } = await examineConfig('vault', { credsStore: 'vault' });
    expect(result.status).toBe(4);
    expect(result.checks.get('stored-logins')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining(`in docker-credential-vault (${emulator.registryHost})`),
      hint: `Run 'ecrp logout ${emulator.registryHost}'; 'ecrp login' stores a new one.`,
    });
  });

  it('that have expired in two places are both named', async () => {
    const auths = { [emulator.registryHost]: { auth: STALE } };
    const variable = { DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) };
    const { file, result } = await examineConfig('both', { auths }, variable);
    expect(result.status).toBe(4);
    expect(result.checks.get('stored-logins')).toEqual({
      status: 'failed',
      detail: expect.stringMatching(`in DOCKER_AUTH_CONFIG; .* in ${file} .*: it has expired`),
      hint: `Remove ${emulator.registryHost} from DOCKER_AUTH_CONFIG, or unset it. Run 'ecrp logout ${emulator.registryHost}'; 'ecrp login' stores a new one.`,
    });
  });

  it('that have expired, in DOCKER_AUTH_CONFIG', async () => {
    const auths = { [emulator.registryHost]: { auth: STALE } };
    const { result } = await examineConfig('env', {}, { DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) });
    expect(result.status).toBe(4);
    expect(result.checks.get('stored-logins')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('in DOCKER_AUTH_CONFIG: it has expired'),
      hint: `Remove ${emulator.registryHost} from DOCKER_AUTH_CONFIG, or unset it.`,
    });
    const invalid = await examineConfig('env', {}, { DOCKER_AUTH_CONFIG: '{' });
    expect(invalid.result.checks.get('stored-logins')).toMatchObject({
      status: 'warning',
      hint: 'Correct DOCKER_AUTH_CONFIG, or unset it.',
    });
  });

  it('of our own helper are made on demand', async () => {
    await writeHelper('ecrp', 'exit 3');
    const config = { credHelpers: { [emulator.registryHost]: 'ecrp' } };
    const { result } = await examineConfig('own', config);
    expect({ status: result.status, login: result.checks.get('stored-logins')?.status }).toEqual({
      status: 0,
      login: 'ok',
    });
    const unfound = await examineConfig('own', config, { PATH: '/nowhere' });
    expect(unfound.result.status).toBe(4);
    expect(unfound.result.checks.get('docker-config')).toMatchObject({
      status: 'failed',
      hint: "Put docker-credential-ecrp on PATH: install ecrp with 'npm install --global'",
    });
  });

  it('of our own helper, which npm alone has put on PATH', async () => {
    const programs = join(home.directory, 'node_modules', '.bin');
    await mkdir(programs, { recursive: true });
    await writeFile(join(programs, 'docker-credential-ecrp'), '#!/bin/sh\n', { mode: 0o755 });
    const config = { credHelpers: { [emulator.registryHost]: 'ecrp' } };
    const { result } = await examineConfig('npm', config, { PATH: programs, npm_execpath: 'npx' });
    expect(result.status).toBe(4);
    expect(result.checks.get('docker-config')).toMatchObject({
      status: 'failed',
      hint: "Put docker-credential-ecrp on PATH: install ecrp with 'npm install --global'",
    });
  });

  it('of a helper that is not installed', async () => {
    const { file, result } = await examineConfig('missing', { credsStore: 'gone' });
    expect(result.status).toBe(4);
    expect(result.checks.get('docker-config')).toMatchObject({
      status: 'failed',
      hint: `Install docker-credential-gone, or remove gone from credsStore and credHelpers in ${file}.`,
    });
  });

  it('cannot be tried while the registry does not answer, or is in trouble', async () => {
    const url = await serve((_, response) => response.writeHead(503).end());
    for (const [host, detail, hint] of [
      ['127.0.0.1:1', /^http:\/\/127\.0\.0\.1:1 does not answer: .*ECONNREFUSED/, /^Check the network/],
      [url.replace('http://', ''), /returned HTTP 503$/, /^Run it again later/],
    ] as const) {
      const { result } = await examineConfig(
        'trouble',
        { auths: { [host]: { auth: STALE } } },
        { ECRP_REGISTRY_HOST: host },
      );
      expect(result.status).toBe(8);
      expect(result.checks.get('stored-logins')).toEqual({
        status: 'failed',
        detail: expect.stringMatching(detail),
        hint: expect.stringMatching(hint),
      });
    }
  });

  it('in a file that docker cannot read', async () => {
    const { result } = await examineConfig('broken', '{"auths":');
    expect(result.status).toBe(3);
    expect(result.checks.get('docker-config')).toMatchObject({
      status: 'failed',
      hint: expect.stringContaining('Repair the file'),
    });
  });

  it('are not tried at a registry that does not belong to the endpoint', async () => {
    const { ECRP_REGISTRY_HOST: _, ...env } = base;
    const { status, checks } = await examine([], env);
    expect(status).toBe(0);
    expect(checks.get('stored-logins')).toEqual({
      status: 'skipped',
      detail: 'public.ecr.aws, ecr-public.aws.com does not belong to the endpoint: set ECRP_REGISTRY_HOST',
    });
  });
});

it('an interruption ends the doctor', async () => {
  const { signal, interrupt } = makeInterruption(
    new EcrpError('INTERRUPTED', 'interrupted by SIGINT', { signal: 'SIGINT', hint: 'x' }),
  );
  const url = await serve((request) => {
    request.resume();
    interrupt();
  });
  const result: CliResult = await runCli(['doctor', '--endpoint-url', url], { env: base, signal });
  expect(result.status).toBe(130);
});

afterAll(() => vi.useRealTimers());
