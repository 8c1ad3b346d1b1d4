import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  forgetTokens,
  limitToken,
  listTokenHosts,
  readToken,
  rememberHost,
  type TokenKey,
  writeToken,
} from '../../../src/cli/token-cache.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
const HOUR_MS = 3_600_000;
const nowMs = Date.now();
const key: TokenKey = {
  service: 'ecr',
  endpoint: 'https://api.example',
  region: 'eu-west-1',
  accessKeyId: 'AKIAEXAMPLE',
};
const token = { username: 'AWS', password: 'secret' };
const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const authorization = {
  ...token,
  authorizationToken: 'QVdTOnNlY3JldA==',
  expiresAt: new Date(nowMs + 12 * HOUR_MS),
};

const kept = limitToken(authorization, host, undefined, nowMs);

it('gives a token to the same access key, at the same endpoint, in the same region of the same service only', async () => {
  const directory = await makeDirectory();
  writeToken(directory, key, kept, nowMs);
  expect(readToken(directory, key, nowMs)).toEqual(kept);
  expect(readToken(directory, { ...key, accessKeyId: 'AKIAOTHER' }, nowMs)).toBeUndefined();
  expect(readToken(directory, { ...key, endpoint: 'https://other' }, nowMs)).toBeUndefined();
  expect(readToken(directory, { ...key, region: 'us-east-1' }, nowMs)).toBeUndefined();
  expect(readToken(directory, { ...key, service: 'ecr-public' }, nowMs)).toBeUndefined();
  expect(readToken(undefined, key, nowMs)).toBeUndefined();
});

it.each([
  ['half its life', undefined, 5.99, true],
  ['half its life', undefined, 6.01, false],
  ['the end of the credentials, when that is earlier', nowMs + HOUR_MS, 0.99, true],
  ['the end of the credentials, when that is earlier', nowMs + HOUR_MS, 1.01, false],
  ['half its life, when the credentials live longer', nowMs + 9 * HOUR_MS, 6.01, false],
])('keeps it until %s (%s, after %d h: %s)', async (_name, endMs, hours, isKept) => {
  const directory = await makeDirectory();
  writeToken(directory, key, limitToken(authorization, host, endMs, nowMs), nowMs);
  const found = readToken(directory, key, nowMs + hours * HOUR_MS);
  expect(found && { username: found.username, password: found.password }).toEqual(isKept ? token : undefined);
});

it('keeps none that has ended, and believes none of a clock that was far ahead', async () => {
  const directory = await makeDirectory();
  writeToken(directory, key, limitToken(authorization, host, nowMs - 1, nowMs), nowMs);
  const ended = { ...authorization, expiresAt: new Date(nowMs) };
  writeToken(directory, key, limitToken(ended, host, undefined, nowMs), nowMs);
  await expect(readdir(join(directory, 'tokens'))).rejects.toThrow('ENOENT');
  writeToken(directory, key, kept, nowMs);
  expect(readToken(directory, key, nowMs - 24 * HOUR_MS)).toBeUndefined();
});

it('keeps it for its owner alone, without the access key id in plain text', async () => {
  const directory = await makeDirectory();
  writeToken(directory, key, kept, nowMs);
  const [name = ''] = await readdir(join(directory, 'tokens'));
  const file = join(directory, 'tokens', name);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(directory, 'tokens'))).mode & 0o777).toBe(0o700);
  expect(name + (await readFile(file, 'utf8'))).not.toContain('AKIAEXAMPLE');
});

it('neither keeps nor believes one where others could have put it', async () => {
  const directory = await makeDirectory();
  await mkdir(join(directory, 'elsewhere'));
  await symlink('elsewhere', join(directory, 'tokens'));
  writeToken(directory, key, kept, nowMs);
  expect(await readdir(join(directory, 'elsewhere'))).toEqual([]);
  const other = await makeDirectory();
  writeToken(other, key, kept, nowMs);
  await chmod(join(other, 'tokens'), 0o777);
  expect(readToken(other, key, nowMs)).toBeUndefined();
});

it.each([
  '',
  '{',
  'null',
  '{}',
  '{"username":"AWS","password":"p"}',
  '{"username":"AWS","password":7,"usableUntilMs":1}',
  JSON.stringify({ ...kept, registryHosts: undefined }),
  JSON.stringify({ ...kept, registryHosts: [7] }),
])('ignores a damaged file: %j', async (text) => {
  const directory = await makeDirectory();
  writeToken(directory, key, kept, nowMs);
  const [name = ''] = await readdir(join(directory, 'tokens'));
  await writeFile(join(directory, 'tokens', name), text);
  expect(readToken(directory, key, nowMs)).toBeUndefined();
});

it('lists the registries of the tokens that may be reused', async () => {
  const directory = await makeDirectory();
  expect(listTokenHosts(directory, nowMs)).toEqual([]);
  writeToken(directory, key, kept, nowMs);
  for (const each of [host, 'b.example']) rememberHost(directory, key, kept, each);
  const short = limitToken(authorization, 'a.example', nowMs + HOUR_MS, nowMs);
  writeToken(
    directory,
    { ...key, accessKeyId: 'AKIAOTHER' },
    { ...short, registryHosts: ['a.example', host] },
    nowMs,
  );
  expect(listTokenHosts(directory, nowMs)).toEqual([host, 'a.example', 'b.example']);
  expect(listTokenHosts(directory, nowMs + 2 * HOUR_MS)).toEqual([host, 'b.example']);
  expect(listTokenHosts(undefined, nowMs)).toEqual([]);
});

it('forgets all of them', async () => {
  const directory = await makeDirectory();
  expect(forgetTokens(undefined)).toBe(false);
  expect(forgetTokens(directory)).toBe(false);
  writeToken(directory, key, kept, nowMs);
  writeToken(directory, { ...key, accessKeyId: 'AKIAOTHER' }, kept, nowMs);
  expect(forgetTokens(directory)).toBe(true);
  expect(await readdir(join(directory, 'tokens'))).toEqual([]);
});
