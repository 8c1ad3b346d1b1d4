import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { EcrpError } from '../../src/errors.ts';
import type { Io } from '../../src/io.ts';
import { main } from '../../src/main.ts';
import { startAnsweringServer } from '../support/answering-server.ts';
import { type CliResult, type CliSettings, makeInterruption, runCli } from '../support/cli.ts';
import { startWorkplace } from '../support/workplace.ts';

// Policies of repositories from the command line to the service and back.

const account = '210987654321';
const root = `arn:aws:iam::${account}:root`;

/** The emulator prints the keys of the first. */
const { home, emulator } = await startWorkplace({
  identities: [
    { accessKeyId: 'OWNER', secretAccessKey: 'of-owner', allowedActions: ['*'] },
    { accessKeyId: 'GUEST', secretAccessKey: 'of-guest', allowedActions: ['*'], registryId: account },
    {
      ...{ accessKeyId: 'WRITER', secretAccessKey: 'of-writer' },
      allowedActions: ['ecr-public:SetRepositoryPolicy'],
    },
  ],
});

const keysOf = (name: string) => ({
  AWS_ACCESS_KEY_ID: name.toUpperCase(),
  AWS_SECRET_ACCESS_KEY: `of-${name}`,
});

function ecrp(argv: readonly string[], settings: CliSettings = {}): Promise<CliResult> {
  return runCli(argv, { env: { ...home.env, ...emulator.env }, cwd: home.directory, ...settings });
}

const policy = {
  Version: '2012-10-17',
  Statement: [
    { Sid: 'Read', Effect: 'Allow', Principal: { AWS: account }, Action: ['ecr-public:DescribeImages'] },
  ],
};

beforeAll(async () => {
  await ecrp(['repo', 'create', 'app']);
  await writeFile(join(home.directory, 'policy.json'), JSON.stringify(policy));
});

describe('get, set and delete', () => {
  it('what was set is there, and the same again is no change', async () => {
    const first = await ecrp(['policy', 'set', 'app', '--policy', 'policy.json']);
    expect(first).toMatchObject({ status: 0, stderr: 'Set the policy of app.\n' });
    expect(first.stdout.split('\n')).toEqual([
      'policy: added',
      '  + Version 2012-10-17',
      'statement Read: added',
      '  + Effect Allow',
      `  + Principal AWS ${root}`,
      '  + Action ecr-public:DescribeImages',
      '',
    ]);
    const { stdout } = await ecrp(['policy', 'get', 'app']);
    expect(JSON.parse(stdout)).toMatchObject({ Statement: [{ Sid: 'Read' }] });
    const uri = `${emulator.registryHost}/${emulator.registryAlias}/app`;
    const again = await ecrp(['policy', 'set', uri, '--policy', '-'], { stdin: stdout });
    expect(again).toMatchObject({ status: 0, stdout: '' });
    expect(again.stderr).toContain('Nothing was changed.');
    expect(emulator.count('SetRepositoryPolicy')).toBe(1);
  });

  it('as JSON: the text of the service and its value', async () => {
    const { json } = await ecrp(['policy', 'get', 'app', '--json']);
    const { policyText, ...members } = json();
    expect(members).toEqual({
      schemaVersion: 1,
      registryId: emulator.registryId,
      repositoryName: 'app',
      policy: { ...policy, Statement: [{ ...policy.Statement[0], Principal: { AWS: root } }] },
    });
    expect(JSON.parse(String(policyText))).toEqual(members.policy);
    expect(policyText).toContain('"Version" : "2012-10-17"');
  });

  it('one statement by its Sid', async () => {
    const { stdout } = await ecrp(['policy', 'get', 'app', '--sid', 'Read']);
    expect(JSON.parse(stdout)).toMatchObject({ Sid: 'Read', Effect: 'Allow' });
    const { json } = await ecrp(['policy', 'get', 'app', '--sid', 'Read', '--json']);
    expect(json()).toMatchObject({ policy: { Statement: [{}] }, statements: [{ Sid: 'Read' }] });
    const missing = await ecrp(['policy', 'get', 'app', '--sid', 'read']);
    expect(missing).toMatchObject({ status: 5, stderr: expect.stringContaining('Its Sids are "Read".') });
  });

  it('a policy that locks out is refused, unless it is forced', async () => {
    await ecrp(['repo', 'create', 'locked']);
    const deny = { Effect: 'Deny', Principal: '*', Action: 'ecr-public:SetRepositoryPolicy' };
    const stdin = JSON.stringify({ Version: '2012-10-17', Statement: deny });
    const set = ['policy', 'set', 'locked', '--policy', '-'];
    const refused = await ecrp(set, { stdin });
    expect(refused).toMatchObject({ status: 3, stdout: '' });
    expect(refused.stderr).toMatch(/^hint: .*--force/m);
    expect(await ecrp([...set, '--force'], { stdin })).toMatchObject({ status: 0 });
  });

  it('deletes a statement, the policy, and nothing twice', async () => {
    await ecrp(['policy', 'grant', 'app', '--push', account]);
    const one = await ecrp(['policy', 'delete', 'app', '--sid', 'EcrpPush', '--json']);
    expect(one.json()).toMatchObject({
      status: 'changed',
      policy: { Statement: [{ Sid: 'Read' }] },
      changes: [{ part: 'statement', Sid: 'EcrpPush', change: 'removed' }],
    });
    const none = await ecrp(['policy', 'delete', 'app', '--sid', 'EcrpPush']);
    expect(none).toMatchObject({ status: 0, stdout: '' });
    expect(none.stderr).toContain('has no statement with the Sid "EcrpPush". Its Sids are "Read".');
    const last = await ecrp(['policy', 'delete', 'app', '--sid', 'Read', '--json']);
    expect(last.json()).toMatchObject({ repositoryName: 'app', status: 'deleted' });
    expect(last.json()).not.toHaveProperty('policyText');
    const absent = await ecrp(['policy', 'delete', 'app', '--json']);
    expect(absent.json()).toMatchObject({ status: 'unchanged' });
    expect(await ecrp(['policy', 'get', 'app'])).toMatchObject({
      status: 5,
      stderr: expect.stringContaining('ecrp policy grant app --push'),
    });
  });
});

describe('grant and revoke', () => {
  it('an account may push, until it may no longer', async () => {
    const push = ['--push', account, '--push', `arn:aws:iam::${account}:role/build`];
    const grant = await ecrp(['policy', 'grant', 'app', ...push]);
    expect(grant.stdout).toContain(
      `statement EcrpPush: added\n  + Effect Allow\n  + Principal AWS ${root}\n`,
    );
    const again = await ecrp(['policy', 'grant', 'app', '--push', root, '--json']);
    expect(again.json()).toMatchObject({ status: 'unchanged', changes: [] });
    const some = await ecrp(['policy', 'revoke', 'app', '--push', `arn:aws:iam::${account}:role/build`]);
    expect(some.stdout).toBe(
      `statement EcrpPush: changed\n  - Principal AWS arn:aws:iam::${account}:role/build\n`,
    );
    expect(some.stderr).toContain('still allows something to them, in the statements EcrpPush');
    const all = await ecrp(['policy', 'revoke', 'app', '--push', account, '--json']);
    expect(all.json()).toMatchObject({ status: 'deleted' });
    const none = await ecrp(['policy', 'revoke', 'app', '--push', account]);
    expect(none).toMatchObject({ status: 0, stdout: '', stderr: expect.stringContaining('Nothing was') });
  });

  it('the grant is what a push needs', async () => {
    await ecrp(['repo', 'create', 'shared']);
    const archive = join(import.meta.dirname, '..', '..', 'fixtures', 'archives', 'docker-20.10-one.tar');
    const target = `${emulator.registryHost}/${emulator.registryAlias}/shared:1`;
    const push = () =>
      ecrp(['push', archive, target], { env: { ...home.env, ...emulator.env, ...keysOf('guest') } });
    expect(await push()).toMatchObject({ status: 4 });
    await ecrp(['policy', 'grant', 'shared', '--push', account]);
    expect(await push()).toMatchObject({ status: 0 });
    await ecrp(['policy', 'revoke', 'shared', '--push', account]);
    expect(await push()).toMatchObject({ status: 4 });
  });

  it('warns of the ARN of one session', async () => {
    const session = `arn:aws:sts::${account}:assumed-role/build/job`;
    const { stderr } = await ecrp(['policy', 'grant', 'app', '--push', session]);
    expect(stderr).toContain('warning: ');
    expect(stderr).toContain('one session');
  });
});

describe('a policy file is checked before anything is sent', () => {
  beforeAll(async () => {
    await mkdir(join(home.directory, 'folder'), { recursive: true });
    await writeFile(join(home.directory, 'latin.json'), Buffer.from([0x7b, 0xe9, 0x7d]));
    await writeFile(join(home.directory, 'long.json'), ' '.repeat(300_000));
    await writeFile(join(home.directory, 'empty.json'), '\n');
    await writeFile(join(home.directory, 'closed.json'), '{');
    await writeFile(join(home.directory, 'deep.json'), '['.repeat(5_000));
    await writeFile(
      join(home.directory, 'bad.json'),
      JSON.stringify({ Version: '1', Statement: { Effect: 'x' } }),
    );
  });

  it.each([
    ['nowhere.json', 'does not exist', 'Give a JSON file'],
    ['folder', 'is a directory', 'Give a JSON file'],
    ['file://policy.json', 'does not exist', '--policy policy.json'],
    ['{"Statement":[]}', 'does not exist', '--policy -'],
    ['latin.json', 'is not UTF-8', 'Give a JSON file'],
    ['long.json', 'more than 262,144 bytes', 'Give a JSON file'],
    ['empty.json', 'is empty', 'Give the policy as JSON'],
    ['closed.json', 'not valid JSON', 'Give the policy as JSON'],
    ['deep.json', 'nested deeper', 'Give the policy as JSON'],
    ['bad.json', 'has 4 problems', 'Correct the policy'],
    ['a\0b', 'null', 'Give a JSON file'],
    ['-', 'standard input: it is empty', 'Give the policy as JSON'],
  ])('%s', async (file, message, hint) => {
    const before = emulator.requests.length;
    const { status, stderr, stdout } = await ecrp(['policy', 'set', 'app', '--policy', file]);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.slice(stderr.indexOf('hint: '))).toContain(hint);
    expect(emulator.requests).toHaveLength(before);
  });

  it('on standard input, until it is interrupted', async () => {
    const { signal, interrupt } = makeInterruption(new EcrpError('INTERRUPTED', 'by you'));
    const stdin = new Readable({ read: interrupt });
    const settings = { signal, main: (argv: readonly string[], io: Io) => main(argv, { ...io, stdin }) };
    expect(await ecrp(['policy', 'set', 'app', '--policy', '-'], settings)).toMatchObject({ status: 130 });
  });

  it('a policy that is only long because of its spaces is sent without them', async () => {
    const stdin = JSON.stringify(policy, null, 10).replaceAll('\n', '\n'.repeat(1_000));
    expect(stdin.length).toBeGreaterThan(10_240);
    expect(await ecrp(['policy', 'set', 'app', '--policy', '-'], { stdin })).toMatchObject({ status: 0 });
  });
});

describe('a service that says something else', async () => {
  const members = { registryId: '123456789012', repositoryName: 'app', policyText: 'no JSON\u001b[2J' };
  const { env } = await startAnsweringServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(members));
  });

  it('a policy that is not JSON is shown as it is, with a warning', async () => {
    const plain = await runCli(['policy', 'get', 'app'], { env });
    expect(plain).toMatchObject({ status: 0, stdout: 'no JSON\\x1b[2J\n' });
    expect(plain.stderr).toContain('warning: The policy is not JSON');
    const asked = await runCli(['policy', 'get', 'app', '--json'], { env });
    expect(asked.json()).toEqual({ schemaVersion: 1, ...members });
  });
});

it('a policy can be set by credentials that may not read it', async () => {
  await ecrp(['repo', 'create', 'written']);
  const env = { ...home.env, ...emulator.env, ...keysOf('writer') };
  const set = await ecrp(['policy', 'set', 'written', '--policy', 'policy.json', '--json'], { env });
  expect(set).toMatchObject({ status: 0, stderr: expect.stringContaining('may not read') });
  expect(set.json()).toMatchObject({ repositoryName: 'written', policy: {} });
  expect(set.json()).not.toHaveProperty('status');
  const grant = await ecrp(['policy', 'grant', 'written', '--push', account], { env });
  expect(grant).toMatchObject({
    status: 4,
    stderr: expect.stringContaining('ecr-public:GetRepositoryPolicy'),
  });
});
