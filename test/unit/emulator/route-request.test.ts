import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callApi, failApi } from '../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../support/emulator.ts';
import { signRequest } from '../../support/signed-request.ts';
import { makeDirectory } from './storage/opened-store.ts';

let emulator: TestEmulator;

beforeAll(async () => {
  emulator = await startTestEmulator({ host: '0.0.0.0', allowedHosts: ['Registry.test', '10.1.2.3'] });
  await callApi(emulator, 'CreateRepository', { repositoryName: 'app' });
});

afterAll(() => emulator.close());

/** Sends a request with its own Host. Requests to the API are signed with that Host. */
async function ask(method: string, path: string, headers: Readonly<Record<string, string>>) {
  const body = '{}';
  const signed =
    path === '/' ? signRequest(emulator, { operation: 'DescribeRepositories', body, headers }) : {};
  const options = { method, headers: { ...signed, ...headers }, setHost: false };
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    request(`${emulator.url}${path}`, options, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode, text });
    })
      .on('error', reject)
      .end(path === '/' ? body : undefined);
  });
}

const routes = [
  ['POST', '/'],
  ['GET', '/v2/'],
  ['GET', '/token/'],
  ['GET', '/download/x'],
  ['GET', '/logo/x.png'],
  ['GET', '/emulator/faults'],
  ['GET', '/nowhere'],
] as const;

describe.each(routes)('%s %s', (method, path) => {
  test.each([
    'attacker.example',
    'attacker.example:5100',
    'localhost.attacker.example',
    '127.0.0.1.attacker.example',
    '127.0.0.1@attacker.example',
    '10.1.2.4',
    'a b',
    '',
  ])('is not answered under the name %j', async (host) => {
    const { status, text } = await ask(method, path, { host });
    expect(status).toBe(421);
    expect(text).toContain('--allow-host');
  });

  test('refuses pages in browsers, even with its own origin', async () => {
    for (const origin of ['https://attacker.example', 'null', emulator.url]) {
      const { status, text } = await ask(method, path, { host: emulator.registryHost, origin });
      expect([status, text]).toEqual([403, expect.stringContaining('pages in a browser')]);
    }
  });

  test.each([
    'registry.test',
    'REGISTRY.TEST.:5100',
    '10.1.2.3:80',
    'localhost',
    'app.localhost:1',
    '127.9.9.9',
    '[::1]:5100',
  ])('is answered under the name %s', async (host) => {
    const { status } = await ask(method, path, { host });
    expect([403, 421].filter((refused) => refused === status && path !== '/download/x')).toEqual([]);
    if (path === '/') expect(status).toBe(200);
  });
});

test('addresses in answers have the name that the client used', async () => {
  const { text } = await ask('POST', '/', { host: 'registry.test:5200' });
  expect(text).toContain(`"registry.test:5200/${emulator.registryAlias}/app"`);
});

test('its keys are not the derived ones, and survive a restart with its data', async () => {
  const usual = await startTestEmulator();
  expect(usual.accessKeyId).toBe(emulator.accessKeyId);
  expect(usual.secretAccessKey).not.toBe(emulator.secretAccessKey);
  expect(
    (await failApi({ ...emulator, secretAccessKey: usual.secretAccessKey }, 'DescribeRegistries', {})).__type,
  ).toBe('InvalidSignatureException');
  await usual.close();
  const dataDirectory = makeDirectory();
  const secrets: string[] = [];
  for (const _ of ['first', 'second']) {
    const started = await startTestEmulator({ host: '0.0.0.0', dataDirectory });
    await callApi(started, 'DescribeRegistries');
    secrets.push(started.secretAccessKey);
    await started.close();
  }
  expect(secrets[0]).toMatch(/^[A-Za-z0-9+/]{40}$/);
  expect(secrets[1]).toBe(secrets[0]);
  const told = await startTestEmulator({ host: '0.0.0.0', secretAccessKey: 'told' });
  expect(told.secretAccessKey).toBe('told');
  await told.close();
});

test('its address is loopback when it listens on every interface', () => {
  expect(emulator.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});
