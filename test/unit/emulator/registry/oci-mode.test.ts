import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { computeBlobDigest } from '../../../../src/emulator/storage/model.ts';
import { createRepository } from '../storage/opened-store.ts';
import { readError, readJson, startTestRegistry } from './registry-server.ts';

// The points of the OCI distribution specification 1.1, by its four workflow categories; each test is named after its point.

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
const absent = computeBlobDigest('absent');

async function start() {
  const registry = await startTestRegistry('oci');
  createRepository(registry.store, 'r');
  createRepository(registry.store, 'other');
  const send = (method: string, path: string, body?: string | Buffer, headers = {}) =>
    registry.fetch(
      path.startsWith('http') ? path.slice(registry.origin.length) : `/v2/alias/${path}`,
      { method, headers, ...(body !== undefined && { body }) },
      registry.authorizationToken,
    );
  const open = async () => (await send('POST', 'r/blobs/uploads/')).headers.get('location') ?? '';
  /** Uploads a blob and returns its digest. */
  const upload = async (text: string): Promise<string> => {
    const response = await send('PUT', `${await open()}?digest=${computeBlobDigest(text)}`, text);
    expect(response.status).toBe(201);
    return computeBlobDigest(text);
  };
  /** Uploads the blobs of a manifest, puts it, and returns its digest and text. */
  const put = async (reference: string, name: string, more: object = {}) => {
    const describeBlob = async (mediaType: string, text: string) => ({
      ...{ mediaType, size: text.length },
      digest: await upload(text),
    });
    const text = JSON.stringify({
      ...{ schemaVersion: 2, mediaType: manifestType },
      config: await describeBlob('application/vnd.oci.image.config.v1+json', `{"name":"${name}"}`),
      layers: [await describeBlob('application/vnd.oci.image.layer.v1.tar', `layer of ${name}`)],
      ...more,
    });
    const response = await send('PUT', `r/manifests/${reference}`, text, { 'content-type': manifestType });
    return { response, text, digest: computeBlobDigest(text), layer: computeBlobDigest(`layer of ${name}`) };
  };
  /** Downloads a blob from the address that the registry redirects to. */
  const download = async (digest: string, headers = {}) => {
    const { headers: answered } = await send('GET', `r/blobs/${digest}`);
    return await fetch(answered.get('location') ?? '', { headers });
  };
  return { registry, send, open, upload, put, download };
}

describe('pull', () => {
  test('HEAD request to nonexistent blob should result in 404 response', async () => {
    const { send } = await start();
    expect((await send('HEAD', `r/blobs/${absent}`)).status).toBe(404);
  });

  test('HEAD request to existing blob should yield 200 without a login', async () => {
    const { registry, upload } = await start();
    const digest = await upload('blob');
    const response = await registry.fetch(`/v2/alias/r/blobs/${digest}`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('docker-content-digest')).toBe(digest);
    expect(response.headers.get('content-length')).toBe('4');
  });

  test('GET nonexistent blob should result in 404 response', async () => {
    const { send } = await start();
    expect((await readError(await send('GET', `r/blobs/${absent}`))).slice(0, 2)).toEqual([
      404,
      'BLOB_UNKNOWN',
    ]);
  });

  test('GET request to existing blob URL should yield 200, by a redirect', async () => {
    const { send, upload, download } = await start();
    const digest = await upload('blob');
    expect((await send('GET', `r/blobs/${digest}`)).status).toBe(307);
    const response = await download(digest);
    expect([response.status, await response.text()]).toEqual([200, 'blob']);
  });

  test('GET of a blob should have Docker-Content-Digest, also at the redirect’s target', async () => {
    const { send, upload, download } = await start();
    const digest = await upload('blob');
    expect((await send('GET', `r/blobs/${digest}`)).headers.get('docker-content-digest')).toBe(digest);
    expect((await download(digest)).headers.get('docker-content-digest')).toBe(digest);
  });

  test('GET of a digest of another algorithm should not count as a malformed tag', async () => {
    const { send } = await start();
    const sha512 = `sha512:${'0'.repeat(128)}`;
    for (const [path, ...expected] of [
      [`r/manifests/${sha512}`, 404, 'MANIFEST_UNKNOWN'],
      [`r/blobs/${sha512}`, 404, 'BLOB_UNKNOWN'],
      ['r/manifests/sha512:0', 400, 'DIGEST_INVALID'],
      ['r/manifests/sha256:0', 400, 'DIGEST_INVALID'],
      ['r/referrers/sha512:0', 400, 'DIGEST_INVALID'],
    ] as const) {
      expect((await readError(await send('GET', path))).slice(0, 2), path).toEqual(expected);
    }
    expect((await send('GET', `r/referrers/${sha512}`)).status).toBe(200);
  });

  test('GET of a blob should support the Range request header', async () => {
    const { upload, download } = await start();
    const response = await download(await upload('a blob of bytes'), { range: 'bytes=2-5' });
    expect([response.status, await response.text()]).toEqual([206, 'blob']);
  });

  test.each(['HEAD', 'GET'])('%s request to nonexistent manifest should return 404', async (method) => {
    const { send } = await start();
    for (const reference of ['.INVALID_MANIFEST_NAME', 'absent', absent]) {
      expect((await send(method, `r/manifests/${reference}`)).status).toBe(404);
    }
  });

  test.each(['HEAD', 'GET'])(
    '%s request to manifest, by tag and by digest, should yield 200',
    async (method) => {
      const { send, put } = await start();
      const { digest, text } = await put('v1', 'one');
      for (const reference of ['v1', digest]) {
        const response = await send(method, `r/manifests/${reference}`);
        expect(response.status).toBe(200);
        expect(response.headers.get('docker-content-digest')).toBe(digest);
        expect(response.headers.get('content-type')).toBe(manifestType);
        expect(response.headers.get('content-length')).toBe(String(text.length));
        expect(await response.text()).toBe(method === 'GET' ? text : '');
      }
    },
  );

  test('400 response body should contain OCI-conforming JSON message', async () => {
    const { send } = await start();
    const response = await send('PUT', 'r/manifests/v1', 'blablabla', { 'content-type': manifestType });
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await readError(response)).toEqual([400, 'MANIFEST_INVALID', expect.any(String)]);
  });

  test('an invalid token should get 401 with a challenge', async () => {
    const { registry } = await start();
    const response = await registry.fetch('/v2/', {}, 'nonsense');
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="/);
  });
});

describe('push', () => {
  test('POST then PATCH with blob in body should yield 202, PUT to the resulting URL 201', async () => {
    const { send, open } = await start();
    const location = await open();
    const patch = await send('PATCH', location, 'streamed');
    expect(patch.status).toBe(202);
    const put = await send('PUT', `${patch.headers.get('location')}?digest=${computeBlobDigest('streamed')}`);
    expect(put.status).toBe(201);
    expect(put.headers.get('location')).toContain(`/v2/alias/r/blobs/${computeBlobDigest('streamed')}`);
  });

  test('POST then PUT of the whole blob should yield 201', async () => {
    const { upload, download } = await start();
    expect(await (await download(await upload('monolithic'))).text()).toBe('monolithic');
  });

  test('POST request with digest and blob should yield a 201', async () => {
    const { send, download } = await start();
    const digest = computeBlobDigest('at once');
    const response = await send('POST', `r/blobs/uploads/?digest=${digest}`, 'at once');
    expect([response.status, response.headers.get('docker-content-digest')]).toEqual([201, digest]);
    expect(await (await download(digest)).text()).toBe('at once');
  });

  test.each(['PUT', 'PATCH and PUT', 'POST'])('an empty blob should be accepted by %s', async (way) => {
    const { registry, send, open, download } = await start();
    const digest = computeBlobDigest('');
    for (const _ of ['new', 'there already']) {
      const location = way === 'POST' ? 'r/blobs/uploads/' : await open();
      if (way === 'PATCH and PUT') await send('PATCH', location, '');
      const response = await send(way === 'POST' ? 'POST' : 'PUT', `${location}?digest=${digest}`, '');
      expect(response.status).toBe(201);
    }
    const head = await send('HEAD', `r/blobs/${digest}`);
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '0']);
    expect(await (await download(digest)).text()).toBe('');
    const { upload } = await start();
    expect(await upload('')).toBe(digest);
    expect(registry.store.repositories.get('r')?.layers.get(digest)?.size).toBe(0);
  });

  test('a sha512 digest should be refused with the code for digests, and leave no upload behind', async () => {
    const { registry, send } = await start();
    const sha512 = `sha512:${'0'.repeat(128)}`;
    const response = await send('POST', `r/blobs/uploads/?digest=${sha512}`, 'blob');
    expect((await readError(response)).slice(0, 2)).toEqual([400, 'DIGEST_INVALID']);
    expect(readdirSync(join(registry.dataDirectory, 'uploads'))).toEqual([]);
  });

  test.each(['.x', '-x', 'a'.repeat(129), 'a'.repeat(301)])(
    'PUT under the tag %s should yield 400',
    async (tag) => {
      const { put } = await start();
      expect((await readError((await put(tag, 'one')).response)).slice(0, 2)).toEqual([400, 'TAG_INVALID']);
    },
  );

  test('PUT under a sha512 digest should yield 400', async () => {
    const { put } = await start();
    const { response } = await put(`sha512:${'0'.repeat(128)}`, 'one');
    expect((await readError(response)).slice(0, 2)).toEqual([400, 'DIGEST_INVALID']);
  });

  test('Out-of-order blob upload should return 416', async () => {
    const { send, open } = await start();
    const location = await open();
    const headers = { 'content-range': '3-5' };
    expect((await send('PATCH', location, 'two', headers)).status).toBe(416);
  });

  test('PATCH requests with chunks of any size should return 202, a repeated chunk 416', async () => {
    const { send, open, download } = await start();
    const location = await open();
    const first = await send('PATCH', location, 'one', { 'content-range': '0-2' });
    expect([first.status, first.headers.get('range')]).toEqual([202, '0-2']);
    expect((await send('PATCH', location, 'one', { 'content-range': '0-2' })).status).toBe(416);
    const second = await send('PATCH', location, 'two', { 'content-range': '3-5' });
    expect([second.status, second.headers.get('range')]).toEqual([202, '0-5']);
    const put = await send('PUT', `${location}?digest=${computeBlobDigest('onetwo!')}`, '!');
    expect(put.status).toBe(201);
    expect(await (await download(computeBlobDigest('onetwo!'))).text()).toBe('onetwo!');
  });

  test('GET request to blob upload URL should return 204 with Location and Range', async () => {
    const { send, open } = await start();
    const location = await open();
    await send('PATCH', location, 'one');
    const response = await send('GET', location);
    expect(response.status).toBe(204);
    expect([response.headers.get('location'), response.headers.get('range')]).toEqual([location, '0-2']);
  });

  test('PUT with a digest that is not the blob’s should yield 400', async () => {
    const { send, open } = await start();
    const response = await send('PUT', `${await open()}?digest=${absent}`, 'blob');
    expect((await readError(response)).slice(0, 2)).toEqual([400, 'DIGEST_INVALID']);
  });

  test('Cross-mounting of a blob with the from argument should yield 201', async () => {
    const { send, upload, registry } = await start();
    const digest = await upload('mounted');
    const mount = `other/blobs/uploads/?mount=${digest}&from=alias/r`;
    for (const _ of ['new', 'there already']) {
      const response = await send('POST', mount);
      expect(response.status).toBe(201);
      expect(response.headers.get('location')).toContain(`/v2/alias/other/blobs/${digest}`);
    }
    expect((await send('HEAD', `other/blobs/${digest}`)).status).toBe(200);
    // Each repository has its own layer.
    registry.store.deleteRepository('r');
    expect(await registry.store.openLayer('other', computeBlobDigest('mounted'))).toMatchObject({ size: 7 });
  });

  test.each([
    ['from a nonexistent repository', '&from=alias/nowhere'],
    ['from another registry', '&from=somebody/r'],
    ['without from', ''],
  ])('Cross-mounting %s should fall back to an upload, 202', async (_, from) => {
    const { send, upload } = await start();
    const digest = await upload('mounted');
    const response = await send('POST', `other/blobs/uploads/?mount=${digest}${from}`);
    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toContain('/v2/alias/other/blobs/uploads/');
  });

  test('PUT of a manifest, by tag and by digest, should yield 201 with Location and digest', async () => {
    const { put, send } = await start();
    const { response, text, digest } = await put('v1', 'one');
    const byDigest = await send('PUT', `r/manifests/${digest}`, text, { 'content-type': manifestType });
    for (const { status, headers } of [response, byDigest]) {
      expect(status).toBe(201);
      expect(headers.get('location')).toContain(`/v2/alias/r/manifests/${digest}`);
      expect(headers.get('docker-content-digest')).toBe(digest);
    }
  });

  test('PUT of a manifest with no layers should be accepted', async () => {
    const { put } = await start();
    expect((await put('empty', 'none', { layers: [] })).response.status).toBe(201);
    // Go writes an empty list as null: regctl image create.
    expect((await put('null', 'none', { layers: null })).response.status).toBe(201);
  });

  test('PUT of a manifest whose blobs are missing should yield 404', async () => {
    const { put } = await start();
    const layers = [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: absent, size: 1 }];
    expect((await readError((await put('v1', 'one', { layers })).response)).slice(0, 2)).toEqual([
      404,
      'MANIFEST_BLOB_UNKNOWN',
    ]);
  });

  test('PUT of a manifest with a subject should have OCI-Subject in its answer', async () => {
    const { put } = await start();
    const subject = { mediaType: manifestType, digest: absent, size: 1 };
    expect((await put('v1', 'one', { subject })).response.headers.get('oci-subject')).toBe(absent);
  });
});

describe('content discovery', () => {
  const list = async (send: Awaited<ReturnType<typeof start>>['send'], query: string) => {
    const response = await send('GET', `r/tags/list${query}`);
    expect(response.status).toBe(200);
    const { name, tags } = await readJson<{ name: string; tags: string[] }>(response);
    expect(name).toBe('alias/r');
    return { tags, link: response.headers.get('link') };
  };

  test('GET request to list tags should yield 200 and lexical order', async () => {
    const { send, put } = await start();
    expect((await list(send, '')).tags).toEqual([]);
    for (const tag of ['v2', 'v10', 'V3', 'latest']) await put(tag, 'one');
    expect((await list(send, '')).tags).toEqual(['V3', 'latest', 'v10', 'v2']);
  });

  test('GET number of tags should be limitable by `n` query parameter, with a Link to the rest', async () => {
    const { send, put } = await start();
    const all = Array.from({ length: 7 }, (_, index) => `tag${index}`);
    for (const tag of all) await put(tag, 'one');
    const seen: string[] = [];
    for (let query = '?n=3'; query !== ''; ) {
      const { tags, link } = await list(send, query);
      expect(tags.length).toBeLessThanOrEqual(3);
      seen.push(...tags);
      query = /<\/v2\/alias\/r\/tags\/list(.*)>; rel="next"/.exec(link ?? '')?.[1] ?? '';
    }
    expect(seen).toEqual(all);
    expect(await list(send, '?n=0')).toEqual({ tags: [], link: null });
    expect((await list(send, '?n=100000')).tags).toEqual(all);
    expect((await send('GET', 'r/tags/list?n=some')).status).toBe(400);
  });

  test('GET start of tag is set by `last` query parameter, even if that tag does not exist', async () => {
    const { send, put } = await start();
    for (const tag of ['a', 'b', 'c']) await put(tag, 'one');
    expect((await list(send, '?last=a')).tags).toEqual(['b', 'c']);
    expect((await list(send, '?n=1&last=aa')).tags).toEqual(['b']);
  });

  test('GET request to nonexistent repository should yield 404', async () => {
    const { send } = await start();
    expect((await send('GET', 'nowhere/tags/list')).status).toBe(404);
  });

  test('GET request to nonexistent referrers should yield 200 and an empty index', async () => {
    const { send } = await start();
    const response = await send('GET', `r/referrers/${absent}`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, indexType]);
    expect(await response.json()).toEqual({ schemaVersion: 2, mediaType: indexType, manifests: [] });
  });

  test('GET request to referrers should list them, with a filter only those of the type', async () => {
    const { send, put } = await start();
    const { digest, text } = await put('v1', 'one');
    const subject = { mediaType: manifestType, digest, size: text.length };
    const artifactType = 'application/vnd.example.sbom';
    const annotations = { made: 'today' };
    const sbom = await put('sbom', 'sbom', { subject, artifactType, annotations });
    const plain = await put('plain', 'plain', { subject });
    const ask = async (query: string) => {
      const response = await send('GET', `r/referrers/${digest}${query}`);
      const { manifests } = await readJson<{ manifests: { digest: string }[] }>(response);
      return { manifests, applied: response.headers.get('oci-filters-applied') };
    };
    const all = await ask('');
    expect(all.manifests.map((each) => each.digest)).toEqual([sbom.digest, plain.digest]);
    expect(all.applied).toBeNull();
    const some = await ask(`?artifactType=${artifactType}`);
    expect(some).toEqual({
      manifests: [
        {
          ...{ mediaType: manifestType, digest: sbom.digest, size: sbom.text.length },
          artifactType,
          annotations,
        },
      ],
      applied: 'artifactType',
    });
  });

  test('GET request to referrers should come in pages that fit an index, with Link', async () => {
    const { registry, send, put } = await start();
    const { digest, text } = await put('v1', 'one');
    const subject = { mediaType: manifestType, digest, size: text.length };
    const artifactType = 'application/vnd.example.large';
    const annotations = { text: 'x'.repeat(1_500_000) };
    const sent = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => put(name, name, { subject, artifactType, annotations })),
    );
    const seen: string[] = [];
    let pages = 0;
    for (let path = `/v2/alias/r/referrers/${digest}?artifactType=${artifactType}`; path !== ''; pages += 1) {
      const response = await registry.fetch(path);
      expect(response.headers.get('oci-filters-applied')).toBe('artifactType');
      const { manifests } = await readJson<{ manifests: { digest: string }[] }>(response);
      seen.push(...manifests.map((each) => each.digest));
      path = /^<(.*)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1] ?? '';
    }
    expect(pages).toBe(2);
    expect(seen.sort()).toEqual(sent.map((each) => each.digest).sort());
    expect((await send('GET', `r/referrers/${digest}?last=nothing`)).status).toBe(200);
  });

  test('GET request to referrers of a malformed digest should yield 400', async () => {
    const { send } = await start();
    expect((await send('GET', 'r/referrers/v1')).status).toBe(400);
  });
});

describe('the catalog', () => {
  const list = async (registry: Awaited<ReturnType<typeof start>>['registry'], query: string) => {
    const response = await registry.fetch(`/v2/_catalog${query}`);
    expect(response.status).toBe(200);
    const { repositories } = await readJson<{ repositories: string[] }>(response);
    return { repositories, link: response.headers.get('link') };
  };

  test('lists every repository by name, without a login', async () => {
    const { registry } = await start();
    createRepository(registry.store, 'a/b');
    const all = ['alias/a/b', 'alias/other', 'alias/r'];
    expect(await list(registry, '')).toEqual({ repositories: all, link: null });
    expect(await list(registry, '?n=3')).toEqual({ repositories: all, link: null });
    expect((await list(registry, '?n=1&last=alias/b')).repositories).toEqual(['alias/other']);
  });

  test('comes in pages with a Link to the next', async () => {
    const { registry } = await start();
    createRepository(registry.store, 'a/b');
    const { repositories, link } = await list(registry, '?n=2');
    expect(repositories).toEqual(['alias/a/b', 'alias/other']);
    const next = /^<\/v2\/_catalog(.*)>; rel="next"$/.exec(link ?? '')?.[1] ?? '';
    expect(await list(registry, next)).toEqual({ repositories: ['alias/r'], link: null });
    expect((await registry.fetch('/v2/_catalog?n=x')).status).toBe(400);
  });
});

describe('content management', () => {
  test('DELETE request to manifest tag should return 202, and leave the manifest', async () => {
    const { send, put } = await start();
    const { digest } = await put('v1', 'one');
    expect((await send('DELETE', 'r/manifests/v1')).status).toBe(202);
    expect((await send('GET', 'r/manifests/v1')).status).toBe(404);
    expect((await send('DELETE', 'r/manifests/v1')).status).toBe(404);
    expect((await send('GET', `r/manifests/${digest}`)).status).toBe(200);
    const { tags } = await readJson<{ tags: string[] }>(await send('GET', 'r/tags/list'));
    expect(tags).toEqual([]);
  });

  test('DELETE request to manifest (digest) should yield 202, then 404 to GET by tag and digest', async () => {
    const { send, put } = await start();
    const { digest } = await put('v1', 'one');
    expect((await send('DELETE', `r/manifests/${digest}`)).status).toBe(202);
    for (const reference of ['v1', digest]) {
      expect((await send('GET', `r/manifests/${reference}`)).status).toBe(404);
    }
    expect((await send('DELETE', `r/manifests/${digest}`)).status).toBe(404);
  });

  test('DELETE request to blob URL should yield 202, then 404 to GET', async () => {
    const { send, upload } = await start();
    const digest = await upload('blob');
    expect((await send('DELETE', `r/blobs/${digest}`)).status).toBe(202);
    expect((await send('GET', `r/blobs/${digest}`)).status).toBe(404);
    expect((await send('DELETE', `r/blobs/${digest}`)).status).toBe(404);
    expect(await upload('blob')).toBe(digest);
  });

  test('DELETE request to a blob of an image may be denied', async () => {
    const { send, put } = await start();
    const { layer } = await put('v1', 'one');
    expect((await readError(await send('DELETE', `r/blobs/${layer}`))).slice(0, 2)).toEqual([403, 'DENIED']);
    expect((await send('GET', `r/blobs/${layer}`)).status).toBe(307);
  });
});
