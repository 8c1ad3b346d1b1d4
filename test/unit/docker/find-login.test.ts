import { expect, it } from 'vitest';
import { findLogin, storeLogin } from '../../../src/docker/login.ts';
import { usePlace } from './place.ts';

const place = usePlace();
const login = { username: 'AWS', secret: 'a:b:c' };
const auth = Buffer.from('AWS:a:b:c').toString('base64');

const findIn = async (config: unknown) => {
  await place().writeConfig(JSON.stringify(config));
  return findLogin(place());
};

it('finds the login that storeLogin stored', async () => {
  expect(await findLogin(place())).toBeUndefined();
  const { configFile } = await storeLogin({ ...place(), ...login });
  expect(await findLogin(place())).toEqual({
    ...login,
    source: { kind: 'file', configFile, key: 'public.ecr.aws' },
  });
});

it('compares keys by their host, the exact one first', async () => {
  const url = 'https://public.ecr.aws/v1/';
  expect(await findIn({ auths: { [url]: { auth } } })).toMatchObject({ ...login, source: { key: url } });
  const both = { [url]: { auth: 'T2xkOnNlY3JldA==' }, 'public.ecr.aws': { auth } };
  expect(await findIn({ auths: both })).toMatchObject({ ...login, source: { key: 'public.ecr.aws' } });
  expect(
    await findIn({ auths: { 'public.ecr.aws.example': { auth }, 'ecr.aws': { auth } } }),
  ).toBeUndefined();
});

it('reads the older form, and skips entries without a login', async () => {
  const older = { auths: { 'public.ecr.aws': { username: 'AWS', password: 'a:b:c' } } };
  expect(await findIn(older)).toMatchObject(login);
  for (const entry of [{}, { auth: '' }, { auth: 'bm9jb2xvbg==' }, { auth: 7 }, null, 'x']) {
    expect(await findIn({ auths: { 'public.ecr.aws': entry } })).toBeUndefined();
  }
});

it('asks only the helper if there is one', async () => {
  await place().addHelper(
    'keep',
    'test "$(cat)" = public.ecr.aws && echo \'{"Username":"AWS","Secret":"a:b:c"}\'',
  );
  await place().addHelper('empty', 'echo "credentials not found in native keychain"; exit 1');
  await place().addHelper('babble', 'echo "Secret a:b:c"');
  const auths = { 'public.ecr.aws': { auth: 'T2xkOnNlY3JldA==' } };
  expect(await findIn({ auths, credsStore: 'keep' })).toEqual({
    ...login,
    source: { kind: 'helper', helper: 'keep' },
  });
  expect(await findIn({ auths, credsStore: 'empty' })).toBeUndefined();
  const babbled = findIn({ auths, credsStore: 'babble' });
  await expect(babbled).rejects.toMatchObject({
    code: 'AUTH',
    message: expect.not.stringContaining('a:b:c'),
  });
});

it('prefers DOCKER_AUTH_CONFIG', async () => {
  await storeLogin({ ...place(), username: 'AWS', secret: 'stored' });
  const env = {
    ...place().env,
    DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'public.ecr.aws': { auth } } }),
  };
  expect(await findLogin({ ...place(), env })).toEqual({ ...login, source: { kind: 'environment' } });
  const others = { ...env, DOCKER_AUTH_CONFIG: '{"auths":{"a.example":{"auth":"eDp5"}}}' };
  expect(await findLogin({ ...place(), env: others })).toMatchObject({ secret: 'stored' });
  const broken = findLogin({ ...place(), env: { ...env, DOCKER_AUTH_CONFIG: '{' } });
  await expect(broken).rejects.toThrow('$DOCKER_AUTH_CONFIG is not valid JSON');
});

it('stops waiting for a helper when it is aborted', async () => {
  await place().addHelper('slow', 'exec sleep 60');
  await place().writeConfig('{"credsStore":"slow"}');
  const signal = AbortSignal.abort(new Error('interrupted'));
  await expect(findLogin({ ...place(), signal })).rejects.toThrow('interrupted');
});
