import { describe, expect, test } from 'vitest';
import { computeBlobDigest } from '../../../../src/emulator/storage/model.ts';
import { createRepository, putLayer } from '../storage/opened-store.ts';
import { readError, startTestRegistry } from './registry-server.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const MIB = 1024 * 1024;

/** Starts a registry with the repository `r`, and sends requests with permission to push. */
async function startForPush() {
  const registry = await startTestRegistry();
  createRepository(registry.store, 'r');
  const send = (method: string, path: string, body?: string | Buffer, headers = {}) =>
    registry.fetch(
      path.startsWith('http') ? path.slice(registry.origin.length) : `/v2/alias/r/${path}`,
      { method, headers, ...(body !== undefined && { body }) },
      registry.authorizationToken,
    );
  const start = async () => (await send('POST', 'blobs/uploads/')).headers.get('location') ?? '';
  return { registry, send, start };
}

function makeManifest(config: string, layers: readonly string[], more = {}): string {
  const describeBlob = (mediaType: string, text: string) => ({
    mediaType,
    digest: computeBlobDigest(text),
    size: text.length,
  });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: describeBlob('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => describeBlob('application/vnd.oci.image.layer.v1.tar', layer)),
    ...more,
  });
}

describe('blob uploads', () => {
  test('start with an absolute address, even for a mount or a whole blob', async () => {
    const { registry, send } = await startForPush();
    for (const query of ['', '?mount=sha256:00&from=alias/x', `?digest=${computeBlobDigest('x')}`]) {
      const response = await send('POST', `blobs/uploads/${query}`);
      expect(response.status).toBe(202);
      expect(response.headers.get('location')).toMatch(
        new RegExp(`^${registry.origin}/v2/alias/r/blobs/uploads/[0-9a-f-]{36}$`),
      );
      expect(response.headers.get('range')).toBe('0-0');
    }
  });

  test('take a blob in chunks and report their progress', async () => {
    const { registry, send, start } = await startForPush();
    const [first, second] = [Buffer.alloc(5 * MIB, 'a'), Buffer.from('the rest')];
    const location = await start();
    const patch = await send('PATCH', location, first, { 'content-range': `0-${first.length - 1}` });
    // 201, where the OCI distribution specification has 202: as recorded.
    expect([patch.status, patch.headers.get('range')]).toEqual([201, `0-${first.length - 1}`]);
    const get = await send('GET', location);
    expect([get.status, get.headers.get('range')]).toEqual([204, `0-${first.length - 1}`]);
    // The Range stays at the end of the first chunk, as recorded. A client that trusted it would send the second chunk again.
    const next = await send('PATCH', location, second);
    expect([next.status, next.headers.get('range')]).toEqual([201, `0-${first.length - 1}`]);
    const all = first.length + second.length;
    expect((await send('GET', location)).headers.get('range')).toBe(`0-${all - 1}`);
    const digest = computeBlobDigest(Buffer.concat([first, second]));
    const put = await send('PUT', `${location}?digest=${digest}`);
    expect([put.status, put.headers.get('docker-content-digest')]).toEqual([201, digest]);
    expect(put.headers.get('location')).toBe(`${registry.origin}/v2/alias/r/blobs/${digest}`);
    expect(registry.store.repositories.get('r')?.layers.get(digest)?.size).toBe(5 * MIB + second.length);
  });

  test('take the whole blob with the PUT, and the same blob again', async () => {
    const { registry, send, start } = await startForPush();
    const digest = computeBlobDigest('whole');
    for (const _ of ['new', 'there already']) {
      const location = await start();
      expect((await send('PUT', `${location}?digest=${digest}`, 'whole')).status).toBe(201);
      expect((await send('GET', location)).status).toBe(404);
    }
    expect((await send('HEAD', `blobs/${digest}`)).headers.get('content-length')).toBe('5');
    expect(registry.store.repositories.get('r')?.layers.size).toBe(1);
  });

  test('refuse a chunk out of order with 416 and the recorded text', async () => {
    const { send, start } = await startForPush();
    const location = await start();
    await send('PATCH', location, 'chunk', { 'content-range': '0-4' });
    const response = await send('PATCH', location, 'chunk', { 'content-range': '0-4' });
    expect(response.headers.get('range')).toBe('0-4');
    expect(await readError(response)).toEqual([
      416,
      'BLOB_UPLOAD_INVALID',
      'First byte of the layer part is 0 instead of 5',
    ]);
    expect((await send('PATCH', location, 'x', { 'content-range': 'five' })).status).toBe(400);
  });

  test.each([
    ['another digest', ['data'], computeBlobDigest('other'), 'None of the provided layer digests match'],
    ['no bytes', [''], computeBlobDigest(''), 'cannot be completed because it does not have any parts'],
    ['a chunk in the middle below 5 MiB', ['a', 'b'], computeBlobDigest('ab'), 'should be at least 5MB'],
  ])('end with 400 and the recorded text for %s', async (_, chunks, digest, text) => {
    const { send, start } = await startForPush();
    const location = await start();
    for (const chunk of chunks) await send('PATCH', location, chunk);
    const response = await send('PUT', `${location}?digest=${digest}`);
    const expected = [400, 'BLOB_UPLOAD_INVALID', expect.stringContaining(text)];
    expect(await readError(response)).toEqual(expected);
  });

  test('end when they are cancelled', async () => {
    const { send, start } = await startForPush();
    const location = await start();
    expect((await send('DELETE', location)).status).toBe(204);
    expect((await readError(await send('PATCH', location, 'x'))).slice(0, 2)).toEqual([
      404,
      'BLOB_UPLOAD_UNKNOWN',
    ]);
  });

  test('keep nothing of a chunk whose client disconnects', async () => {
    const { registry, send, start } = await startForPush();
    const location = await start();
    const { request } = await import('node:http');
    await new Promise<void>((resolve) => {
      const headers = { authorization: `Bearer ${registry.authorizationToken}`, 'content-length': '1000' };
      const half = request(location, { method: 'PATCH', headers });
      half.on('error', () => resolve());
      half.write('half', () => half.destroy());
    });
    const digest = computeBlobDigest('whole');
    expect((await send('PUT', `${location}?digest=${digest}`, 'whole')).status).toBe(201);
  });
});

describe('manifests', () => {
  async function startWithBlobs() {
    const started = await startForPush();
    await putLayer(started.registry.store, 'r', Buffer.from('config'));
    await putLayer(started.registry.store, 'r', Buffer.from('layer'));
    const put = (reference: string, manifest: string | Buffer, type = manifestType) =>
      started.send('PUT', `manifests/${reference}`, manifest, { 'content-type': type });
    return { ...started, put };
  }

  test('are put under a tag or their digest, once and again', async () => {
    const { registry, put } = await startWithBlobs();
    const manifest = makeManifest('config', ['layer']);
    const digest = computeBlobDigest(manifest);
    for (const reference of ['v1', 'v1', digest]) {
      const response = await put(reference, manifest, `${manifestType}; charset=utf-8`);
      expect(response.status).toBe(201);
      expect(response.headers.get('docker-content-digest')).toBe(digest);
      expect(response.headers.get('location')).toBeNull();
    }
    const image = registry.store.repositories.get('r')?.images.get(digest);
    expect([image?.mediaType, image?.imageSizeInBytes, [...(image?.tags ?? [])]]).toEqual([
      manifestType,
      11,
      ['v1'],
    ]);
  });

  test('with a subject get it in the answer', async () => {
    const { put } = await startWithBlobs();
    const subject = { mediaType: manifestType, digest: computeBlobDigest('subject'), size: 7 };
    const response = await put('v1', makeManifest('config', ['layer'], { subject }));
    expect(response.headers.get('oci-subject')).toBe(subject.digest);
  });

  test.each([
    ['blobs missing', makeManifest('config', ['nowhere']), 'v1', 404, 'MANIFEST_BLOB_UNKNOWN'],
    ['no JSON', '{', 'v1', 405, 'UNSUPPORTED'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'v1', 405, 'UNSUPPORTED'],
    ['another digest', makeManifest('config', ['layer']), computeBlobDigest('other'), 400, 'DIGEST_INVALID'],
    ['a bad tag', makeManifest('config', ['layer']), 'a%20b', 400, 'TAG_INVALID'],
    ['a tag of 301 characters', makeManifest('config', ['layer']), 'a'.repeat(301), 400, 'TAG_INVALID'],
    [
      'a digest of sha512',
      makeManifest('config', ['layer']),
      `sha512:${'0'.repeat(128)}`,
      400,
      'DIGEST_INVALID',
    ],
    ['half a digest', makeManifest('config', ['layer']), 'sha256:00', 400, 'DIGEST_INVALID'],
    ['no layers', makeManifest('config', []), 'v1', 405, 'UNSUPPORTED'],
    ['too many bytes', Buffer.alloc(4_194_305, ' '), 'v1', 413, 'SIZE_INVALID'],
  ])('are refused with %s', async (_, manifest, reference, ...expected) => {
    const { registry, put } = await startWithBlobs();
    const response = await put(reference, manifest);
    expect((await readError(response)).slice(0, 2)).toEqual(expected);
    expect(registry.store.repositories.get('r')?.images.size).toBe(0);
  });

  test('take tags of the service’s form: 300 characters, any of them first', async () => {
    const { put, send } = await startWithBlobs();
    for (const tag of ['.x', '-x', 'a'.repeat(300)]) {
      expect((await put(tag, makeManifest('config', ['layer']))).status).toBe(201);
      expect((await send('GET', `manifests/${tag}`)).status).toBe(200);
    }
  });

  test('are requested with a malformed reference', async () => {
    const { send } = await startWithBlobs();
    for (const [reference, status, code] of [
      ['a'.repeat(301), 400, 'TAG_INVALID'],
      ['a%20b', 400, 'TAG_INVALID'],
      ['sha256:00', 400, 'DIGEST_INVALID'],
      [`sha512:${'0'.repeat(128)}`, 404, 'MANIFEST_UNKNOWN'],
    ] as const) {
      for (const method of ['GET', 'DELETE']) {
        const answer = await readError(await send(method, `manifests/${reference}`));
        expect(answer.slice(0, 2), `${method} ${reference}`).toEqual([status, code]);
      }
    }
  });

  test('are deleted with the layers that no other image has', async () => {
    const { registry, send, put } = await startWithBlobs();
    await putLayer(registry.store, 'r', Buffer.from('loose'));
    await put('v1', makeManifest('config', ['layer']));
    await put('v2', makeManifest('config', ['layer', 'layer']));
    const digests = () => [...(registry.store.repositories.get('r')?.layers.keys() ?? [])];
    await send('DELETE', 'manifests/v1');
    expect(digests()).toHaveLength(3);
    await send('DELETE', 'manifests/v2');
    expect(digests()).toEqual([computeBlobDigest('loose')]);
  });

  test('are deleted by tag and by digest, but not while an index lists them', async () => {
    const { registry, send, put } = await startWithBlobs();
    const manifest = makeManifest('config', ['layer']);
    const digest = computeBlobDigest(manifest);
    const indexType = 'application/vnd.oci.image.index.v1+json';
    const entry = { mediaType: manifestType, digest, size: manifest.length };
    const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [entry] });
    for (const tag of ['v1', 'v2']) await put(tag, manifest);
    await put('index', index, indexType);
    expect((await send('DELETE', 'manifests/v1')).status).toBe(202);
    expect((await readError(await send('DELETE', `manifests/${digest}`))).slice(0, 2)).toEqual([
      403,
      'DENIED',
    ]);
    expect((await send('DELETE', 'manifests/index')).status).toBe(202);
    expect((await send('DELETE', `manifests/${digest}`)).status).toBe(202);
    expect((await send('DELETE', `manifests/${digest}`)).status).toBe(404);
    expect(registry.store.repositories.get('r')?.images.size).toBe(0);
  });
});

test.each([
  ['POST', 'r/blobs/uploads/'],
  ['PATCH', 'r/blobs/uploads/00000000-0000-0000-0000-000000000000'],
  ['PUT', 'r/manifests/v1'],
  ['DELETE', 'r/manifests/v1'],
])('%s %s is denied to a client that may only pull', async (method, path) => {
  const { registry } = await startForPush();
  const response = await registry.fetch(`/v2/alias/${path}`, { method });
  expect(await readError(response)).toEqual([403, 'DENIED', 'Not Authorized']);
});

test('the repositories of the registry are not listed', async () => {
  const { registry } = await startForPush();
  expect((await registry.fetch('/v2/_catalog')).status).toBe(404);
});

test('an unknown method of a route is unsupported', async () => {
  const { registry, send } = await startForPush();
  expect((await send('POST', 'manifests/v1')).status).toBe(405);
  expect((await send('DELETE', `blobs/${computeBlobDigest('x')}`)).status).toBe(405);
  expect((await registry.fetch('/token/', { method: 'POST' })).status).toBe(405);
});
