import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { defineCheck, pass, runCheck } from '../../../../../src/cli/commands/doctor/check.ts';
import { shortenKey } from '../../../../../src/cli/commands/doctor/credentials.ts';
import { checkDirectories, checkNode } from '../../../../../src/cli/commands/doctor/machine.ts';
import { checkClockOffset, checkRegion } from '../../../../../src/cli/commands/doctor/network.ts';
import { makeSmallestPolicy } from '../../../../../src/cli/commands/doctor/policy.ts';
import { viewCheck } from '../../../../../src/cli/commands/doctor/view.ts';
import { parseRepository } from '../../../../../src/oci/reference.ts';
import { makeHome } from '../../../../support/cli.ts';

const home = await makeHome();
afterAll(() => home.remove());

describe('Node', () => {
  it.each([
    ['18.20.4', 'warning', 'Install Node 20.19 or later.'],
    ['20.18.3', 'warning', 'Install Node 20.19 or later.'],
    ['20.19.0', 'ok', undefined],
    ['24.0.0', 'ok', undefined],
  ])('%s: %s', (version, status, hint) => {
    const result = checkNode(version);
    expect(result).toMatchObject({ status });
    expect(result.hint).toBe(hint);
  });

  it('says which version has zstd', () => {
    expect(checkNode('20.19.0').detail).toMatch(/--compression zstd needs 22\.15 or later/);
    expect(checkNode('22.15.0').detail).toBe('Node 22.15.0');
  });
});

describe('directories', () => {
  const check = (path: string | undefined) =>
    checkDirectories([
      { purpose: 'state', path, variable: 'ECRP_STATE_DIR', loss: 'nothing is resumed' },
      { purpose: 'temporary', path: home.directory, variable: 'TMPDIR', loss: 'nothing is spooled' },
    ]);

  it('that do not exist yet can be made, and are not made', async () => {
    const path = join(home.directory, 'a', 'b');
    expect(await check(path)).toMatchObject({
      status: 'ok',
      detail: `state ${path}, temporary ${home.directory}`,
    });
    await expect(mkdir(join(home.directory, 'a'))).resolves.toBeUndefined();
  });

  it('that cannot be made are named, with their variable and the loss', async () => {
    const file = join(home.directory, 'file');
    await writeFile(file, '');
    const path = join(file, 'state');
    const { status, detail, hint } = await check(path);
    expect({ status, hint }).toEqual({
      status: 'warning',
      hint: 'Set ECRP_STATE_DIR to a directory that you can write to.',
    });
    expect(detail).toContain(`the state directory ${path} cannot be written`);
    expect(detail).toContain('so nothing is resumed');
    expect(await check(file)).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining(`${file} is not a directory`),
    });
  });

  it('are missing without a home directory', async () => {
    expect((await check(undefined)).detail).toContain('this user has no home directory');
  });
});

describe('the region', () => {
  const aws = {
    url: 'https://api.ecr-public.us-east-1.amazonaws.com',
    isAws: true,
    region: 'us-east-1',
    id: 'x',
  };
  const named = [{ origin: 'AWS_REGION', region: 'eu-west-1' }];

  it('of a setting that is another one is a trap for the aws CLI', () => {
    expect(checkRegion(aws, named, 'ecr-public')).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining('AWS_REGION says eu-west-1'),
      hint: "Add --region us-east-1 to each 'aws ecr-public' command.",
      found: { endpoint: aws },
    });
  });

  it('of a private registry is that of its host', () => {
    const url = 'https://api.ecr.eu-west-1.amazonaws.com';
    const ecr = { url, isAws: true, region: 'eu-west-1', id: 'x' };
    expect(checkRegion(ecr, named, 'ecr').status).toBe('ok');
    expect(checkRegion(ecr, [{ origin: 'AWS_REGION', region: 'us-east-1' }], 'ecr')).toMatchObject({
      status: 'warning',
      hint: "Add --region eu-west-1 to each 'aws ecr' command.",
    });
  });

  it('is right without a setting, and of no importance for an endpoint that is not of AWS', () => {
    expect(checkRegion(aws, [{ origin: 'AWS_REGION', region: undefined }], 'ecr-public').status).toBe('ok');
    expect(checkRegion({ ...aws, isAws: false }, named, 'ecr-public').status).toBe('ok');
  });
});

describe('the clock', () => {
  it.each([
    [undefined, 'skipped', 'the service did not say its time'],
    [-60_000, 'ok', /within 1 min 00 s/],
    [-3_600_000, 'warning', /is 1 h 00 min ahead of the service's/],
    [3_600_000, 'warning', /is 1 h 00 min behind the service's/],
  ])('%s ms behind: %s', (offsetMs, status, detail) => {
    const result = checkClockOffset(offsetMs);
    expect(result.status).toBe(status);
    expect(result.detail).toMatch(detail);
    if (status === 'warning') expect(result.hint).toContain('timedatectl');
  });
});

it('access keys are shortened, and short ones are hidden', () => {
  expect(shortenKey('AKIAIOSFODNN7EXAMPLE')).toBe('AKIA…MPLE');
  expect(shortenKey('AKSHORT')).toBe('…');
});

describe('the smallest policy', () => {
  it('is for one repository of one account', () => {
    const reference = {
      registryHost: 'public.ecr.aws',
      repositoryName: 'team/app',
      privateRegistry: undefined,
    };
    const { Statement } = makeSmallestPolicy({ service: 'public', reference, account: '123456789012' });
    expect(Statement.map(({ Resource }) => Resource)).toEqual([
      '*',
      'arn:aws:ecr-public::123456789012:repository/team/app',
    ]);
    expect(Statement[1]?.Action).not.toContain('ecr-public:GetAuthorizationToken');
  });

  it('names the registry that the reference names by its id', () => {
    const reference = {
      registryHost: 'public.ecr.aws',
      registryAlias: '222222222222',
      repositoryName: 'app',
      privateRegistry: undefined,
    };
    expect(
      makeSmallestPolicy({ service: 'public', reference, account: '123456789012' }).Statement[1]?.Resource,
    ).toBe('arn:aws:ecr-public::222222222222:repository/app');
  });

  it('allows a token only, without a repository', () => {
    const subject = { reference: undefined, account: undefined };
    expect(makeSmallestPolicy({ service: 'public', ...subject }).Statement).toHaveLength(1);
    expect(makeSmallestPolicy({ service: 'private', ...subject }).Statement).toEqual([
      { Effect: 'Allow', Action: ['ecr:GetAuthorizationToken'], Resource: '*' },
    ]);
  });

  it.each([
    [
      '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
      'eu-west-1',
      'arn:aws:ecr:eu-west-1:123456789012:repository/team/app',
    ],
    [
      '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn',
      'cn-north-1',
      'arn:aws-cn:ecr:cn-north-1:123456789012:repository/team/app',
    ],
    [
      '123456789012.dkr-ecr-fips.us-gov-west-1.on.aws',
      'us-gov-west-1',
      'arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/team/app',
    ],
    ['127.0.0.1:5101', 'us-east-1', 'arn:aws:ecr:us-east-1:999999999999:repository/team/app'],
  ])('is for one repository of a private registry: %s', (host, region, resource) => {
    const reference = parseRepository(`${host}/team/app`, {
      registryHost: 'public.ecr.aws',
      privateHost: '127.0.0.1:5101',
    });
    const { Statement } = makeSmallestPolicy({
      service: 'private',
      reference,
      account: '999999999999',
      region,
    });
    expect(Statement.map(({ Resource }) => Resource)).toEqual(['*', resource]);
    expect(Statement[1]?.Action).toContain('ecr:BatchGetImage');
  });
});

describe('a check', () => {
  const place = { signal: new AbortController().signal } as Parameters<typeof runCheck>[2]; // no check here looks at it

  it('is skipped while a finding that it needs is missing', async () => {
    const check = defineCheck('push', ['existing'], ({ existing }) => pass(existing.repositoryName));
    expect(await runCheck(check, {}, place)).toEqual({
      status: 'skipped',
      detail: "it needs the check 'repository', which did not pass",
    });
    const existing = { repositoryName: 'app' };
    expect(await runCheck(check, { existing }, place)).toMatchObject({ status: 'ok', detail: 'app' });
  });

  it('that fails because of a bug says so, with status 1', async () => {
    const check = defineCheck('x', [], () => {
      throw new TypeError('x is not a function');
    });
    expect(await runCheck(check, {}, place)).toMatchObject({ status: 'failed', exitStatus: 1 });
  });
});

describe('lines', () => {
  const result = {
    name: 'docker-config',
    status: 'warning',
    detail: 'other users can read the logins in it, which is what nobody wants',
    hint: `Run: chmod 600 /a/very/long/path/of/a/home/directory/that/is/wider/than/any/terminal/.docker/config.json`,
  } as const;

  it('are one for the result and one for the hint, for scripts', async () => {
    expect(await viewCheck(result, undefined)).toEqual([
      { text: `warning  docker-config  ${result.detail}`, color: 'yellow' },
      `                        hint: ${result.hint}`,
    ]);
  });

  it('are broken between words on a terminal, and nothing is cut', async () => {
    const lines = (await viewCheck(result, 60)).map((line) => (typeof line === 'string' ? line : line.text));
    const words = lines.join(' ').split(/\s+/);
    expect(words).toEqual(`warning docker-config ${result.detail} hint: ${result.hint}`.split(' '));
    for (const line of lines) expect(line.length < 60 || line.trim().split(' ').length === 1).toBe(true);
  });
});
