import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ECRPUBLICClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr-public';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { MAX_READ_BYTES } from '../../../src/emulator/receive-body.ts';
import { startEmulator } from '../../../src/emulator/server.ts';
import { callApi } from '../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../support/emulator.ts';
import { sha256, uploadBlob, uploadImage } from '../../support/push-by-hand.ts';
import { sendRaw, signRequest } from '../../support/signed-request.ts';

let emulator: TestEmulator;

beforeAll(async () => {
  emulator = await startTestEmulator();
});

afterAll(() => emulator.close());

test('it returns its address and identity', async () => {
  expect(emulator.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(emulator.url).toBe(`http://${emulator.registryHost}`);
  const other = await startEmulator({
    account: '111111111111',
    accessKeyId: 'ID',
    secretAccessKey: 'secret',
  });
  expect(other).toMatchObject({ registryId: '111111111111', accessKeyId: 'ID', secretAccessKey: 'secret' });
  await callApi(other, 'DescribeRegistries');
  await other.close();
  await other.close();
});

test('every request is logged once, with the size of its body and who sent it', async () => {
  const before = emulator.requests.length;
  await callApi(emulator, 'DescribeRepositories', { maxResults: 7 });
  await sendRaw(emulator.url, signRequest(emulator, { operation: 'Nothing', body: '{}' }), '{}');
  await (await fetch(`${emulator.url}/nowhere?query`)).text();
  await (await fetch(`${emulator.url}/v2/`)).text();
  const log = emulator.requests.slice(before);
  const common = {
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    ms: expect.any(Number),
    userAgent: 'node',
  };
  expect(log).toEqual([
    { ...common, operation: 'DescribeRepositories', status: 200, bytes: 16 },
    { ...common, route: 'POST /', status: 400, bytes: 2 },
    { ...common, route: 'GET /nowhere', status: 404, bytes: 0 },
    { ...common, route: 'GET /v2/', status: 401, bytes: 0 },
  ]);
});

test('the log has no credentials and no download address', async () => {
  const repositoryName = 'team/logged';
  await callApi(emulator, 'CreateRepository', { repositoryName });
  const digest = await uploadBlob(emulator, repositoryName, Buffer.from('blob'));
  const { authorizationData } = await callApi(emulator, 'GetAuthorizationToken');
  const headers = { authorization: `Bearer ${authorizationData?.authorizationToken}` };
  const path = `/v2/${emulator.registryAlias}/${repositoryName}/blobs/${digest}`;
  const redirect = await fetch(`${emulator.url}${path}`, { headers, redirect: 'manual' });
  const location = new URL(redirect.headers.get('location') ?? '');
  expect(await (await fetch(location)).text()).toBe('blob');
  // The registry's lines are written after their answers.
  await expect
    .poll(() => emulator.requests.at(-1), { timeout: 20_000 })
    .toMatchObject({ route: 'GET /download/', status: 200 });
  const log = JSON.stringify(emulator.requests);
  const token = authorizationData?.authorizationToken ?? '';
  for (const secret of [emulator.secretAccessKey, token, location.pathname.slice('/download/'.length)]) {
    expect(secret.length).toBeGreaterThan(20);
    expect(log).not.toContain(secret);
  }
});

test('an authorization token opens the registry', async () => {
  const client = new ECRPUBLICClient({
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: emulator.accessKeyId, secretAccessKey: emulator.secretAccessKey },
  });
  const [before, lifetimeMs] = [Date.now(), 12 * 3_600_000];
  const { authorizationData } = await client.send(new GetAuthorizationTokenCommand());
  client.destroy();
  const expiresAt = authorizationData?.expiresAt?.getTime() ?? 0;
  // The answer may have whole seconds.
  expect(expiresAt).toBeGreaterThanOrEqual(before + lifetimeMs - 1000);
  expect(expiresAt).toBeLessThanOrEqual(Date.now() + lifetimeMs + 1000);
  const headers = { authorization: `Bearer ${authorizationData?.authorizationToken}` };
  expect((await fetch(`${emulator.url}/v2/`, { headers })).status).toBe(200);
});

test('acknowledged data and tokens survive a restart', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'ecrp-test-'));
  const repositoryName = 'team/app';
  const first = await startTestEmulator({ dataDirectory });
  await callApi(first, 'CreateRepository', { repositoryName });
  const { imageManifest, imageDigest } = await uploadImage(first, repositoryName, 'one');
  await callApi(first, 'PutImage', { repositoryName, imageManifest, imageTag: 'v1' });
  const { uploadId } = await callApi(first, 'InitiateLayerUpload', { repositoryName });
  const part = { repositoryName, uploadId, partFirstByte: 0, partLastByte: 2, layerPartBlob: 'YWJj' };
  await callApi(first, 'UploadLayerPart', part);
  const { authorizationData } = await callApi(first, 'GetAuthorizationToken');
  await first.close();

  const second = await startTestEmulator({ dataDirectory });
  const imageIds = [{ imageTag: 'v1' }];
  const { imageDetails } = await callApi(second, 'DescribeImages', { repositoryName, imageIds });
  expect(imageDetails?.[0]?.imageDigest).toBe(imageDigest);
  const layerDigests = [sha256('abc')];
  await callApi(second, 'CompleteLayerUpload', { repositoryName, uploadId, layerDigests });
  const headers = { authorization: `Bearer ${authorizationData?.authorizationToken}` };
  expect((await fetch(`${second.url}/v2/`, { headers })).status).toBe(200);
  await second.close();
  await rm(dataDirectory, { recursive: true });
});

test('a client that disconnects during a part leaves nothing behind', async () => {
  const repositoryName = 'team/gone';
  await callApi(emulator, 'CreateRepository', { repositoryName });
  const before = emulator.requests.length;
  const body = JSON.stringify({ repositoryName, layerPartBlob: 'x'.repeat(1_000_000) });
  const headers = signRequest(emulator, { operation: 'UploadLayerPart', body });
  const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1');
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.write(`POST / HTTP/1.1\r\n${lines.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n`);
  socket.write(body.slice(0, 500_000), () => socket.resetAndDestroy());
  while (emulator.requests.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(emulator.requests.at(-1)).toMatchObject({ operation: 'UploadLayerPart', status: 0 });
  await uploadBlob(emulator, repositoryName, Buffer.from('still here'));
});

test('bodies of unannounced length are read as well', async () => {
  const body = `{"repositoryName":"team/chunked"${' '.repeat(300_000)}}`;
  const headers = signRequest(emulator, { operation: 'CreateRepository', body });
  const { host: _, ...sent } = headers;
  const stream = new Blob([body]).stream();
  const response = await fetch(emulator.url, { method: 'POST', headers: sent, body: stream, duplex: 'half' });
  expect(response.status).toBe(200);
  expect(emulator.requests.at(-1)?.bytes).toBe(body.length);
});

test('a body announced as far too large is refused before it arrives', async () => {
  const repositoryName = 'team/announced';
  await callApi(emulator, 'CreateRepository', { repositoryName });
  const { authorizationData } = await callApi(emulator, 'GetAuthorizationToken');
  const path = `/v2/${emulator.registryAlias}/${repositoryName}/manifests/v1`;
  const ask = async (line: string) => {
    const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1');
    const authorization = `authorization: Bearer ${authorizationData?.authorizationToken}`;
    socket.write(
      `${line} HTTP/1.1\r\nhost: localhost\r\n${authorization}\r\ncontent-length: 10000000000\r\n\r\n`,
    );
    let text = '';
    for await (const chunk of socket) text += chunk;
    return text.split('\r\n');
  };
  const [api, registry] = await Promise.all([ask('POST /'), ask(`PUT ${path}`)]);
  expect([api[0], api.at(-1)]).toEqual([
    'HTTP/1.1 413 Payload Too Large',
    expect.stringContaining('"RequestEntityTooLarge"'),
  ]);
  expect([registry[0], registry.at(-1)]).toEqual([
    'HTTP/1.1 413 Payload Too Large',
    expect.stringContaining('"SIZE_INVALID"'),
  ]);
});

test('a layer announced as larger than the limit is refused before it arrives', async () => {
  const repositoryName = 'team/enormous';
  await callApi(emulator, 'CreateRepository', { repositoryName });
  const { authorizationData } = await callApi(emulator, 'GetAuthorizationToken');
  const authorization = `Bearer ${authorizationData?.authorizationToken}`;
  const address = `${emulator.url}/v2/${emulator.registryAlias}/${repositoryName}/blobs/uploads/`;
  const opened = await fetch(address, { method: 'POST', headers: { authorization } });
  const { pathname } = new URL(opened.headers.get('location') ?? '');
  const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1');
  socket.write(
    `PATCH ${pathname} HTTP/1.1\r\nhost: localhost\r\nauthorization: ${authorization}\r\ncontent-length: 10485760001\r\n\r\n`,
  );
  // The answer comes after so many bytes that no client can be waiting for a 100 Continue. Any more would reset the connection.
  socket.write(Buffer.alloc(MAX_READ_BYTES + 1));
  let text = '';
  for await (const received of socket) text += received;
  expect(text).toMatch(/^HTTP\/1\.1 403 /);
  expect(text).toContain("maximum allowed size of a layer which is '10485760000' bytes");
});

test('a client without permission to push gets the answer, however much it sends', async () => {
  const { token } = (await (await fetch(`${emulator.url}/token/`)).json()) as { token: string };
  const answer = await fetch(`${emulator.url}/v2/${emulator.registryAlias}/app/manifests/v1`, {
    ...{ method: 'PUT', body: Buffer.alloc(20_000_000) },
    headers: { authorization: `Bearer ${token}` },
  });
  expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('Not Authorized')]);
});

test('garbage instead of HTTP only ends the connection', async () => {
  const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  socket.end('\0\x01garbage\r\n\r\n');
  socket.resume();
  await closed;
  await callApi(emulator, 'DescribeRegistries');
});

test('a port in use and malformed options leave no directory behind', async () => {
  const temporary = await mkdtemp(join(tmpdir(), 'ecrp-test-'));
  vi.stubEnv('TMPDIR', temporary);
  const port = Number(new URL(emulator.url).port);
  await expect(startEmulator({ port })).rejects.toThrow('EADDRINUSE');
  await expect(startEmulator({ account: '1' })).rejects.toThrow('account must be 12 digits');
  await expect(startEmulator({ faults: ['x'] })).rejects.toThrow("fault rule 'x'");
  await expect(startEmulator({ dataDirectory: emulator.dataDirectory })).rejects.toThrow();
  const started = await startEmulator();
  expect(await readdir(temporary)).toHaveLength(1);
  await started.close();
  expect(await readdir(temporary)).toEqual([]);
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true });
});

test('a token of another emulator with the same keys is invalid', async () => {
  const twin = await startTestEmulator();
  expect(twin.secretAccessKey).toBe(emulator.secretAccessKey);
  const { authorizationData } = await callApi(twin, 'GetAuthorizationToken');
  const headers = { authorization: `Bearer ${authorizationData?.authorizationToken}` };
  expect((await fetch(`${twin.url}/v2/`, { headers })).status).toBe(200);
  expect((await fetch(`${emulator.url}/v2/`, { headers })).status).toBe(400);
  await twin.close();
});
