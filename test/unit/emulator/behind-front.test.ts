import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callApi, callPrivate } from '../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../support/emulator.ts';
import { makePng } from '../../support/png.ts';
import { type SampleImage, sha256, uploadImage } from '../../support/push-by-hand.ts';
import { privateOf, type Signer, sendSigned } from '../../support/signed-request.ts';

// What a front that terminates TLS sends: `X-Forwarded-Proto`.

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const layer = 'layer of app';
let emulator: TestEmulator;
let ofPrivate: Signer;
/** By which clients reach the front. */
let origin: string;
let privateOrigin: string;

beforeAll(async () => {
  emulator = await startTestEmulator({ private: {} });
  ofPrivate = privateOf(emulator);
  origin = emulator.url.replace('http:', 'https:');
  privateOrigin = ofPrivate.url.replace('http:', 'https:');
  const logoImageBlob = makePng(60, 60).toString('base64');
  await callApi(emulator, 'CreateRepository', { repositoryName: 'app', catalogData: { logoImageBlob } });
  await callPrivate(ofPrivate, 'CreateRepository', { repositoryName: 'app' });
  const put = async (image: SampleImage) => ({
    ...{ repositoryName: 'app', imageTag: '1.0', imageManifestMediaType: OCI_MANIFEST },
    imageManifest: image.imageManifest,
  });
  await callApi(emulator, 'PutImage', await put(await uploadImage(emulator, 'app', 'app')));
  await callPrivate(ofPrivate, 'PutImage', await put(await uploadImage(ofPrivate, 'app', 'app')));
});
afterAll(() => emulator.close());

const forwarded = { 'x-forwarded-proto': 'https' };

/** Sends a request to `/v2/` and what is beside it, through a front. */
function ask(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
  url = emulator.url,
) {
  return fetch(`${url}${path}`, { method, headers: { ...forwarded, ...headers }, redirect: 'manual' });
}

/** Calls an operation through a front. */
async function call(signer: Signer, operation: string, input: object) {
  const { text } = await sendSigned(signer, { operation, body: JSON.stringify(input), headers: forwarded });
  return JSON.parse(text);
}

async function authorize(): Promise<Record<string, string>> {
  const { authorizationData } = await callApi(emulator, 'GetAuthorizationToken');
  return { authorization: `Bearer ${authorizationData?.authorizationToken}` };
}

async function authorizePrivate(): Promise<Record<string, string>> {
  const { authorizationData } = await callPrivate(ofPrivate, 'GetAuthorizationToken');
  return { authorization: `Basic ${authorizationData?.[0]?.authorizationToken}` };
}

describe('addresses of ECR Public are those of the front', () => {
  test('the realm', async () => {
    const challenge = (await ask('/v2/')).headers.get('www-authenticate');
    expect(challenge).toContain(`realm="${origin}/token/"`);
  });

  test('the upload and the layer', async () => {
    const path = `/v2/${emulator.registryAlias}/app/blobs`;
    const upload = await ask(`${path}/uploads/`, await authorize(), 'POST');
    expect(upload.headers.get('location')).toMatch(new RegExp(`^${origin}${path}/uploads/[\\w-]+$`));
    const download = await ask(`${path}/${sha256(layer)}`, await authorize());
    const location = download.headers.get('location') ?? '';
    expect(location.startsWith(`${origin}/download/`)).toBe(true);
    expect(await (await fetch(location.replace('https:', 'http:'))).text()).toBe(layer);
  });

  test('the logo', async () => {
    const { catalogData } = await call(emulator, 'GetRepositoryCatalogData', { repositoryName: 'app' });
    expect(catalogData.logoUrl.startsWith(`${origin}/logo/`)).toBe(true);
  });
});

describe('addresses of private ECR are those of the front', () => {
  test('the realm and the endpoint of the token', async () => {
    const challenge = (await ask('/v2/', {}, 'GET', ofPrivate.url)).headers.get('www-authenticate');
    expect(challenge).toContain(`realm="${privateOrigin}/"`);
    const { authorizationData } = await call(ofPrivate, 'GetAuthorizationToken', {});
    expect(authorizationData[0].proxyEndpoint).toBe(privateOrigin);
  });

  test('the layer, at the port of the front itself, where credentials do no harm', async () => {
    const path = `/v2/app/blobs/${sha256(layer)}`;
    const download = await ask(path, await authorizePrivate(), 'GET', ofPrivate.url);
    const { downloadUrl } = await call(ofPrivate, 'GetDownloadUrlForLayer', {
      ...{ repositoryName: 'app', layerDigest: sha256(layer) },
    });
    for (const address of [download.headers.get('location') ?? '', downloadUrl]) {
      expect(address.startsWith(`${privateOrigin}/`)).toBe(true);
      const direct = address.replace('https:', 'http:');
      for (const headers of [{}, await authorizePrivate()]) {
        expect(await (await fetch(direct, { headers })).text()).toBe(layer);
      }
      const forged = await fetch(direct.replace(/Signature=./, 'Signature=_'));
      expect(forged.status).toBe(403);
    }
  });
});

test.each([
  ['https', 'https'],
  ['HTTPS', 'https'],
  ['https, http', 'https'],
  ['http, https', 'http'],
  ['http', 'http'],
  ['', 'http'],
  ['gopher', 'http'],
  ['https"/evil', 'http'],
])('X-Forwarded-Proto: %s means %s', async (value, scheme) => {
  const answer = await ask('/v2/', { 'x-forwarded-proto': value });
  expect(answer.headers.get('www-authenticate')).toContain(`realm="${scheme}://`);
});

test('the secret key is unpredictable when others know the emulator by a name', async () => {
  const secrets: string[] = [];
  for (const allowedHosts of [[], ['app.localhost'], ['registry.example.test'], ['registry.example.test']]) {
    const started = await startTestEmulator({ allowedHosts });
    await callApi(started, 'DescribeRegistries');
    secrets.push(started.secretAccessKey);
    await started.close();
  }
  const [usual, local, one, other] = secrets;
  expect(local).toBe(usual);
  expect(new Set([usual, one, other]).size).toBe(3);
});

test.each(['forwarded', 'x-forwarded-for', 'x-forwarded-proto'])(
  'a request with %s may not change faults, because others may have sent it',
  async (name) => {
    const address = `${emulator.url}/emulator/faults`;
    expect((await fetch(address)).status).toBe(200);
    expect((await fetch(address, { method: 'DELETE', headers: { [name]: 'x' } })).status).toBe(403);
  },
);
