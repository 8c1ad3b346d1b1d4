import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findHostLogin, type HostLogin, type LoginSearch } from '../../../src/docker/find-login.ts';
import { usePlace } from './place.ts';

const place = usePlace();
const auth = (login: string): string => Buffer.from(login).toString('base64');

/** Searches for a login; `problems` gets what cannot be read. */
function find(
  search: Partial<LoginSearch> & { readonly problems?: string[] } = {},
): Promise<HostLogin | undefined> {
  const { problems = [], ...given } = search;
  const { configDirectory, env, root } = place();
  return findHostLogin({
    registryHost: 'ghcr.io',
    loginKey: 'ghcr.io',
    repositoryPath: 'team/app',
    configDirectory,
    authFiles: [join(root, 'auth.json')],
    env,
    signal: new AbortController().signal,
    onProblem: (problem) => problems.push(problem),
    ...given,
  });
}

const writeAuthFile = (content: unknown): Promise<void> =>
  writeFile(join(place().root, 'auth.json'), typeof content === 'string' ? content : JSON.stringify(content));
const writeConfig = (config: unknown): Promise<void> => place().writeConfig(JSON.stringify(config));
const hub = {
  registryHost: 'docker.io',
  loginKey: 'https://index.docker.io/v1/',
  repositoryPath: 'library/alpine',
};

describe("docker's config", () => {
  it.each<[string, object, object]>([
    ['auth', { auth: auth('me:a:b') }, { kind: 'password', username: 'me', secret: 'a:b' }],
    [
      'username and password',
      { username: 'me', password: 'pw' },
      { kind: 'password', username: 'me', secret: 'pw' },
    ],
    ['identitytoken', { auth: auth('0:'), identitytoken: 'id' }, { kind: 'identity-token', secret: 'id' }],
    ['registrytoken', { registrytoken: 'rt', identitytoken: 'id' }, { kind: 'registry-token', secret: 'rt' }],
  ])('may hold a login as %s', async (_, entry, login) => {
    await writeConfig({ auths: { 'ghcr.io': entry } });
    expect(await find()).toEqual({ ...login, origin: `docker's config ${place().configFile}` });
  });

  it.each(['https://ghcr.io', 'https://ghcr.io/v1/', 'http://ghcr.io/v2/', 'ghcr.io/'])(
    'may have the key %s',
    async (key) => {
      await writeConfig({ auths: { [key]: { auth: auth('me:pw') } } });
      expect(await find()).toMatchObject({ username: 'me' });
    },
  );

  it.each(['ghcr.io.example', 'docker.io', 'https://ghcr.io/other/path', 'x.ghcr.io', 'ghcr.io:8443'])(
    'gives no login of %s to ghcr.io',
    async (key) => {
      await writeConfig({ auths: { [key]: { auth: auth('me:pw') } } });
      expect(await find()).toBeUndefined();
    },
  );

  it.each(['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'https://docker.io/v2/'])(
    'has Docker Hub under %s',
    async (key) => {
      await writeConfig({ auths: { [key]: { auth: auth('me:pw') } } });
      expect(await find(hub)).toMatchObject({ username: 'me' });
      expect(await find()).toBeUndefined();
    },
  );

  it('names helpers, which are asked for the key of the host', async () => {
    const answer = (username: string) => `echo '{"Username":"${username}","Secret":"of '"$(cat)"'"}'`;
    await place().addHelper('own', answer('own'));
    await place().addHelper('common', answer('common'));
    await place().addHelper('token', answer('<token>'));
    await writeConfig({
      credsStore: 'common',
      credHelpers: { 'ghcr.io': 'own', 'acr.example': 'token' },
    });
    expect(await find()).toMatchObject({ username: 'own', secret: 'of ghcr.io' });
    expect(await find(hub)).toMatchObject({ username: 'common', secret: 'of https://index.docker.io/v1/' });
    expect(await find({ registryHost: 'acr.example', loginKey: 'acr.example' })).toEqual({
      kind: 'identity-token',
      secret: 'of acr.example',
      origin: 'the credential helper docker-credential-token',
    });
  });

  it('has logins of its own beside a helper without one, or with a fault', async () => {
    await place().addHelper('empty', 'echo "credentials not found in native keychain"; exit 1');
    const auths = { 'ghcr.io': { auth: auth('me:pw') } };
    const problems: string[] = [];
    await writeConfig({ auths, credsStore: 'empty' });
    expect(await find({ problems })).toMatchObject({ username: 'me' });
    expect(problems).toEqual([]);
    await writeConfig({ auths, credsStore: 'missing' });
    expect(await find({ problems })).toMatchObject({ username: 'me' });
    expect(problems).toEqual([expect.stringContaining('docker-credential-missing cannot be started')]);
  });
});

describe("podman's file", () => {
  it('is read after the config of docker, and its longest key wins', async () => {
    await writeAuthFile({
      auths: {
        'ghcr.io': { auth: auth('host:pw') },
        'ghcr.io/team': { auth: auth('team:pw') },
        'ghcr.io/team/app': { auth: auth('app:pw') },
        'ghcr.io/team/ap': { auth: auth('other:pw') },
      },
    });
    const origin = `podman's logins ${join(place().root, 'auth.json')}`;
    expect(await find()).toEqual({ kind: 'password', username: 'app', secret: 'pw', origin });
    expect(await find({ repositoryPath: 'team/web' })).toMatchObject({ username: 'team' });
    expect(await find({ repositoryPath: 'teams/web' })).toMatchObject({ username: 'host' });
    await writeConfig({ auths: { 'ghcr.io': { auth: auth('docker:pw') } } });
    expect(await find()).toMatchObject({ username: 'docker' });
  });

  it.each([['{"auths": '], [[]], [{ auths: 7 }]])(
    'is passed over with a sentence when it is %j',
    async (content) => {
      await writeAuthFile(content);
      const problems: string[] = [];
      expect(await find({ problems })).toBeUndefined();
      expect(problems).toEqual([`cannot read podman's logins ${place().root}/auth.json: they are not valid`]);
    },
  );

  it('may be missing, and may not be a directory', async () => {
    const problems: string[] = [];
    expect(await find({ problems })).toBeUndefined();
    expect(problems).toEqual([]);
    await mkdir(join(place().root, 'auth.json'));
    expect(await find({ problems })).toBeUndefined();
    expect(problems).toEqual([expect.stringContaining('it is a directory')]);
  });
});

it('DOCKER_AUTH_CONFIG comes first, and a broken one is passed over', async () => {
  await writeConfig({ auths: { 'ghcr.io': { auth: auth('stored:pw') } } });
  const findWith = (value: string, problems: string[] = []) =>
    find({ env: { ...place().env, DOCKER_AUTH_CONFIG: value }, problems });
  const value = JSON.stringify({ auths: { 'ghcr.io': { auth: auth('job:pw') } } });
  expect(await findWith(value)).toMatchObject({ username: 'job', origin: 'DOCKER_AUTH_CONFIG' });
  const problems: string[] = [];
  expect(await findWith('{', problems)).toMatchObject({ username: 'stored' });
  expect(problems).toEqual([expect.stringContaining('$DOCKER_AUTH_CONFIG is not valid JSON')]);
});

it('a broken config is passed over with a sentence that quotes no secret', async () => {
  await place().writeConfig('{"auths":{"ghcr.io":{"auth":"c2VjcmV0OnB3"');
  const problems: string[] = [];
  expect(await find({ problems })).toBeUndefined();
  expect(problems).toEqual([
    expect.stringContaining(`docker's config ${place().configFile} is not valid JSON`),
  ]);
  expect(problems.join()).not.toContain('c2VjcmV0OnB3');
});

it('stops at the signal', async () => {
  await place().addHelper('slow', 'exec sleep 60');
  await place().writeConfig('{"credsStore":"slow"}');
  await expect(find({ signal: AbortSignal.abort(new Error('interrupted')) })).rejects.toThrow('interrupted');
});
