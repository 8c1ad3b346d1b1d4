import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTokenApi, type TokenApi } from '../support/token-api.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { type Ended, runProgram } from './support/process.ts';

// docker-credential-ecrp beside amazon-ecr-credential-helper, as docker runs them. A stand-in for both APIs takes any account and region, and
// keeps what it is asked.

const OURS = join(import.meta.dirname, '../../bin/docker-credential-ecrp.js');
const ECRP = join(import.meta.dirname, '../../bin/ecrp.js');
const ACCOUNT = '123456789012';
const HOST = `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com`;

type Helper = 'theirs' | 'ours';

describeWithClients('credential helpers', ['docker-credential-ecr-login'], () => {
  let directory: string;
  let api: TokenApi;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'ecrp-helpers-'));
    api = await startTokenApi();
  });
  afterAll(() => {
    api.close();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() => {
    api.takeQuestions();
    api.denied.clear();
  });

  /** Runs a helper in a home of its own, or in the given one. */
  function run(
    helper: Helper,
    verb: string,
    input: string,
    settings: { readonly home?: string; readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<Ended> {
    const home = settings.home ?? makeHome();
    const env = { ...makeEnvironment(home), ...settings.env };
    return helper === 'ours'
      ? runProgram(process.execPath, [OURS, verb], { env, input })
      : runProgram(requireClient('docker-credential-ecr-login'), [verb], { env, input });
  }

  function makeEnvironment(home: string): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: home,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_REGION: 'ap-south-1',
      AWS_ENDPOINT_URL_ECR: api.url,
      AWS_ENDPOINT_URL_ECR_PUBLIC: api.url,
      ECRP_REGISTRY_HOST: 'public.ecr.aws',
    };
  }

  function makeHome(): string {
    return mkdtempSync(join(directory, 'home-'));
  }

  /** Runs both helpers with the same input, and returns their answers and what each asked the API. */
  async function runBoth(verb: string, input: string, env: Readonly<Record<string, string>> = {}) {
    const theirs = await run('theirs', verb, input, { env });
    const askedByThem = api.takeQuestions();
    const ours = await run('ours', verb, input, { env });
    const askedByUs = api.takeQuestions();
    return { theirs, ours, askedByThem, askedByUs };
  }

  test.each([
    [`${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com`, 'eu-west-1/ecr'],
    [`https://${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com`, 'eu-west-1/ecr'],
    [`https://${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/v2/`, 'eu-west-1/ecr'],
    ['999999999999.dkr.ecr.us-east-1.amazonaws.com', 'us-east-1/ecr'],
    [`${ACCOUNT}.dkr.ecr-fips.us-gov-west-1.amazonaws.com`, 'us-gov-west-1/ecr'],
    [`${ACCOUNT}.dkr-ecr.eu-west-1.on.aws`, 'eu-west-1/ecr'],
    [`${ACCOUNT}.dkr-ecr-fips.us-east-1.on.aws`, 'us-east-1/ecr'],
    [`${ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn`, 'cn-north-1/ecr'],
    [`${ACCOUNT}.dkr.ecr.cn-north-1.on.amazonwebservices.com.cn`, 'cn-north-1/ecr'],
    [`${ACCOUNT}.dkr.ecr.eusc-de-east-1.amazonaws.eu`, 'eusc-de-east-1/ecr'],
    [`${ACCOUNT}.dkr.ecr.us-iso-east-1.c2s.ic.gov`, 'us-iso-east-1/ecr'],
    [`${ACCOUNT}.dkr.ecr.us-isob-east-1.sc2s.sgov.gov`, 'us-isob-east-1/ecr'],
    [`${ACCOUNT}.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk`, 'eu-isoe-west-1/ecr'],
    [`${ACCOUNT}.dkr.ecr.us-isof-south-1.csp.hci.ic.gov`, 'us-isof-south-1/ecr'],
    ['public.ecr.aws', 'us-east-1/ecr-public'],
    ['https://ecr-public.aws.com', 'us-east-1/ecr-public'],
  ])('get: both ask the same for %s and give docker the same', async (serverUrl, scope) => {
    const { theirs, ours, askedByThem, askedByUs } = await runBoth('get', serverUrl);
    expect(theirs, theirs.stdout).toMatchObject({ status: 0 });
    expect(ours, ours.stderr).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(ours.stdout)).toEqual(JSON.parse(theirs.stdout));
    expect(JSON.parse(ours.stdout)).toMatchObject({ ServerURL: serverUrl, Secret: `token-of-${scope}` });
    expect(askedByUs).toEqual(askedByThem);
    expect(askedByUs.map((each) => each.scope)).toEqual([scope]);
  });

  test.each([
    'docker.io',
    'https://index.docker.io/v1/',
    `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com.example.com`,
    `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com.evil`,
    `x${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com`,
    '12345678901.dkr.ecr.eu-west-1.amazonaws.com',
    `${ACCOUNT}.dkr.ecr.amazonaws.com`,
    `${ACCOUNT}.dkr.ecr.eu-west-1.on.aws.com.cn`,
    `${ACCOUNT}.dkr.ecr.eu.west.amazonaws.com`,
    'public.ecr.aws.example.com',
    '',
  ])('get: neither has a login for %j, and neither asks', async (serverUrl) => {
    const { theirs, ours, askedByThem, askedByUs } = await runBoth('get', serverUrl);
    expect(theirs.status).toBe(1);
    expect(ours).toMatchObject({ status: 1, stdout: theirs.stdout, stderr: '' });
    expect([...askedByThem, ...askedByUs]).toEqual([]);
  });

  test('get: both reuse a token of the region, and AWS_ECR_DISABLE_CACHE turns that off', async () => {
    const hosts = ['eu-west-1', 'eu-west-1', 'us-east-1'].map(
      (region) => `${ACCOUNT}.dkr.ecr.${region}.amazonaws.com`,
    );
    const count = async (helper: Helper, env: Readonly<Record<string, string>> = {}) => {
      const home = makeHome();
      api.takeQuestions();
      for (const host of hosts)
        expect(await run(helper, 'get', host, { home, env })).toMatchObject({ status: 0 });
      return {
        regions: api.takeQuestions().map(({ scope }) => scope.split('/')[0]),
        files: readdirSync(home),
      };
    };
    for (const helper of ['theirs', 'ours'] as const) {
      expect((await count(helper)).regions, helper).toEqual(['eu-west-1', 'us-east-1']);
      const without = await count(helper, { AWS_ECR_DISABLE_CACHE: '1' });
      expect(without.regions, helper).toEqual(['eu-west-1', 'eu-west-1', 'us-east-1']);
    }
    expect((await count('ours', { AWS_ECR_DISABLE_CACHE: '1' })).files).toEqual([]);
  });

  test('get: where the API refuses, theirs hides the cause in a log, and ours says it', async () => {
    api.denied.add('eu-west-1/ecr');
    const { theirs, ours } = await runBoth('get', `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com`);
    expect(theirs).toMatchObject({ status: 1, stdout: 'credentials not found in native keychain\n' });
    expect(ours).toMatchObject({ status: 1, stdout: expect.stringContaining('not authorized') });
    expect(ours.stderr).toBe(`docker-credential-ecrp: ${ours.stdout}`);
  });

  test('list: both name a registry whose token they have', async () => {
    const host = `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com`;
    const list = async (helper: Helper) => {
      const home = makeHome();
      await run(helper, 'get', host, { home });
      const { status, stdout } = await run(helper, 'list', '', { home });
      expect(status).toBe(0);
      // Both print an object of strings. The comparison fails for anything else.
      const listed = JSON.parse(stdout) as Record<string, string>;
      return new Map(Object.entries(listed).map(([url, name]) => [url.replace('https://', ''), name]));
    };
    const [theirs, ours] = [await list('theirs'), await list('ours')];
    expect(theirs.get(host)).toBe('AWS');
    expect(ours.get(host)).toBe('AWS');
    expect(theirs.get('public.ecr.aws')).toBe('AWS');
    expect(ours.get('public.ecr.aws')).toBe('AWS');
    // Theirs asks for the default registry of AWS_REGION first. Ours makes no call.
    expect(theirs.has(`${ACCOUNT}.dkr.ecr.ap-south-1.amazonaws.com`)).toBe(true);
    expect(ours.size).toBe(3);
  });

  test('store and erase: theirs succeeds with AWS_ECR_IGNORE_CREDS_STORAGE only, ours always', async () => {
    const host = `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com`;
    const login = JSON.stringify({ ServerURL: host, Username: 'AWS', Secret: 'x' });
    for (const [verb, input] of [
      ['store', login],
      ['erase', host],
    ] as const) {
      const plain = await runBoth(verb, input);
      expect([plain.theirs.status, plain.ours.status], verb).toEqual([1, 0]);
      const ignoring = await runBoth(verb, input, { AWS_ECR_IGNORE_CREDS_STORAGE: 'true' });
      expect([ignoring.theirs.status, ignoring.ours.status], verb).toEqual([0, 0]);
    }
    const foreign = JSON.stringify({ ServerURL: 'ghcr.io', Username: 'me', Secret: 'hush' });
    const { ours } = await runBoth('store', foreign);
    expect(ours).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('cannot store one for ghcr.io'),
    });
  });

  test.each([
    ['for every registry', { credsStore: 'ecr-login' }],
    ['for the host', { credHelpers: { [HOST]: 'ecr-login' } }],
  ])(
    'ecrp login and logout leave a registry to theirs, where docker is told to ask it %s',
    async (_, config) => {
      const home = makeHome();
      mkdirSync(join(home, '.docker'));
      const file = join(home, '.docker', 'config.json');
      writeFileSync(file, JSON.stringify(config));
      const ecrp = (...words: readonly string[]) =>
        runProgram(process.execPath, [ECRP, ...words], { env: makeEnvironment(home) });
      const login = await ecrp('login', HOST, '--json');
      expect(login, login.stderr).toMatchObject({ status: 0 });
      expect(JSON.parse(login.stdout)).toMatchObject({ registryHost: HOST, storedIn: 'helper' });
      expect(login.stderr).toContain(`docker uses docker-credential-ecr-login for ${HOST}`);
      expect(login.stderr).not.toContain('warning');
      const logout = await ecrp('logout', HOST, '--json');
      expect(JSON.parse(logout.stdout)).toMatchObject({ removed: [] });
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(config);
      expect(await ecrp('login', '--credential-helper', HOST)).toMatchObject({ status: 0 });
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ credHelpers: { [HOST]: 'ecrp' } });
    },
  );
});
