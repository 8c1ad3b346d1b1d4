import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callPrivate, failPrivate } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import {
  descriptor,
  type SampleImage,
  sha256,
  uploadBlob,
  uploadImage,
} from '../../../support/push-by-hand.ts';
import { privateOf, type Signer } from '../../../support/signed-request.ts';

const repositoryName = 'team/my__app';
let emulator: TestEmulator;
let signer: Signer;
let image: SampleImage;

beforeAll(async () => {
  emulator = await startTestEmulator({ private: {} });
  signer = privateOf(emulator);
  await callPrivate(signer, 'CreateRepository', { repositoryName });
  image = await uploadImage(signer, repositoryName, 'app');
  await callPrivate(signer, 'PutImage', {
    ...{ repositoryName, imageTag: '1.0' },
    imageManifest: image.imageManifest,
    imageManifestMediaType: 'application/vnd.oci.image.manifest.v1+json',
  });
});

afterAll(() => emulator.close());

const layer = Buffer.from('layer of app');

async function findAddress(): Promise<string> {
  const layerDigest = sha256(layer);
  const answer = await callPrivate(signer, 'GetDownloadUrlForLayer', { repositoryName, layerDigest });
  expect(answer.layerDigest).toBe(layerDigest);
  return answer.downloadUrl ?? '';
}

test('a layer travels there and back', async () => {
  const { layers } = await callPrivate(signer, 'BatchCheckLayerAvailability', {
    ...{ repositoryName, layerDigests: [sha256(layer), sha256('other')] },
  });
  expect(layers?.map(({ layerAvailability }) => layerAvailability)).toEqual(['AVAILABLE', 'UNAVAILABLE']);
  const response = await fetch(await findAddress());
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('layer of app');
});

describe('the address of a download', () => {
  test('has the form of a presigned address, on a host and port of its own', async () => {
    const address = new URL(await findAddress());
    expect(address.host).toMatch(/^localhost:\d+$/);
    expect([emulator.registryHost, emulator.privateRegistryHost]).not.toContain(address.host);
    expect(Object.fromEntries(address.searchParams)).toEqual({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Date': expect.stringMatching(/^\d{8}T\d{6}Z$/),
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Expires': '3600',
      'X-Amz-Credential': expect.stringMatching(/^AKIA\w{16}\/\d{8}\/us-east-1\/s3\/aws4_request$/),
      'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test('serves ranges', async () => {
    const ask = (range: string) => findAddress().then((address) => fetch(address, { headers: { range } }));
    const middle = await ask('bytes=6-7');
    expect([middle.status, middle.headers.get('content-range')]).toEqual([206, 'bytes 6-7/12']);
    expect(await middle.text()).toBe('of');
    expect(await (await ask('bytes=-3')).text()).toBe('app');
    const beyond = await ask('bytes=12-');
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */12']);
  });

  test.each([
    ['a second credential', { authorization: 'Basic eDp5' }, '', [400, 'InvalidArgument']],
    ['no signature', {}, 'X-Amz-Signature', [403, 'AccessDenied']],
    ['another date', {}, 'X-Amz-Date', [403, 'SignatureDoesNotMatch']],
    ['a longer life', {}, 'X-Amz-Expires', [403, 'SignatureDoesNotMatch']],
  ])('refuses %s', async (_, headers, removed, refusal) => {
    const address = new URL(await findAddress());
    address.searchParams.delete(removed);
    const response = await fetch(address, { headers });
    const [, code] = /<Code>(\w+)<\/Code>/.exec(await response.text()) ?? [];
    expect([response.status, code]).toEqual(refusal);
  });

  test('takes credentials from a client that must think it is the registry', async () => {
    const at = { ...signer, url: signer.url.replace('127.0.0.1', 'localhost') };
    const input = { repositoryName, layerDigest: sha256(layer) };
    const { downloadUrl = '' } = await callPrivate(at, 'GetDownloadUrlForLayer', input);
    expect((await fetch(downloadUrl, { headers: { authorization: 'Basic eDp5' } })).status).toBe(200);
  });

  test('refuses another path and another method', async () => {
    const address = new URL(await findAddress());
    expect((await fetch(address, { method: 'HEAD' })).status).toBe(403);
    expect((await fetch(address, { method: 'PUT', body: 'x' })).status).toBe(403);
    address.pathname = address.pathname.replace(/.$/, 'x');
    expect((await fetch(address)).status).toBe(403);
  });
});

test('a client that goes away in the middle of a download is no error of the emulator', async () => {
  const own = await startTestEmulator({ private: {} });
  const to = privateOf(own);
  await callPrivate(to, 'CreateRepository', { repositoryName });
  // More than the system takes for a client that does not read.
  const bytes = Buffer.alloc(32 * 1024 * 1024);
  await uploadBlob(to, repositoryName, bytes);
  const large = descriptor('application/vnd.oci.image.layer.v1.tar', bytes);
  const { imageManifest } = await uploadImage(to, repositoryName, 'large');
  const manifest = JSON.stringify({ ...JSON.parse(imageManifest), layers: [large] });
  const imageManifestMediaType = 'application/vnd.oci.image.manifest.v1+json';
  await callPrivate(to, 'PutImage', { repositoryName, imageManifest: manifest, imageManifestMediaType });
  const input = { repositoryName, layerDigest: large.digest };
  const { downloadUrl = '' } = await callPrivate(to, 'GetDownloadUrlForLayer', input);
  const response = await fetch(downloadUrl);
  await response.body?.cancel();
  // It waits for what runs, and throws what the emulator met inside itself.
  await own.close();
});

test('only layers of images can be downloaded', async () => {
  const layerDigest = await uploadBlob(signer, repositoryName, Buffer.from('of no image'));
  const input = { repositoryName, layerDigest };
  const error = await failPrivate(signer, 'GetDownloadUrlForLayer', input);
  expect(error.__type).toBe('LayerInaccessibleException');
  const missing = { repositoryName, layerDigest: sha256('missing') };
  expect(await failPrivate(signer, 'GetDownloadUrlForLayer', missing)).toEqual({
    __type: 'LayersNotFoundException',
    message: `The layer with digest '${sha256('missing')}' does not exist within the repository with name '${repositoryName}' in the registry with id '123456789012'`,
  });
});

test('neither service knows the repositories of the other', async () => {
  const listed = await callPrivate(signer, 'DescribeRepositories');
  expect(listed.repositories?.map((repository) => repository.repositoryName)).toEqual([repositoryName]);
  const answer = await failPrivate({ ...signer, url: emulator.url }, 'BatchCheckLayerAvailability', {
    repositoryName,
    layerDigests: [sha256(layer)],
  });
  expect(answer.__type).toBe('InvalidSignatureException');
});
