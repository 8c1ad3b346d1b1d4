import { describe, expect, test } from 'vitest';
import { computeBlobDigest } from '../../../../src/emulator/storage/model.ts';
import { createRepository, makeImage, putLayer } from '../storage/opened-store.ts';
import { readError, readJson, startTestRegistry, type TestRegistry } from './registry-server.ts';

const unknownDigest = computeBlobDigest('nobody has this');

async function startWithImage() {
  const registry = await startTestRegistry();
  createRepository(registry.store, 'team/app');
  const image = makeImage('{"schemaVersion":2}');
  registry.store.putImage('team/app', { ...image, tag: 'v1' });
  const bytes = Buffer.from('0123456789');
  const layer = await putLayer(registry.store, 'team/app', bytes);
  return { registry, image, digest: computeBlobDigest(image.manifest), bytes, layer };
}

async function readTags(response: Response) {
  return (await readJson<{ tags: string[] }>(response)).tags;
}

describe('manifests', () => {
  test.each(['v1', 'digest'])('are served by %s, with the digest header only on HEAD', async (kind) => {
    const { registry, image, digest } = await startWithImage();
    const path = `/v2/alias/team/app/manifests/${kind === 'v1' ? 'v1' : digest}`;
    const get = await registry.fetch(path);
    expect(get.headers.get('docker-content-digest')).toBeNull();
    expect(Buffer.from(await get.arrayBuffer())).toEqual(image.manifest);
    const head = await registry.fetch(path, { method: 'HEAD' });
    expect(head.headers.get('docker-content-digest')).toBe(digest);
    for (const { headers } of [get, head]) {
      expect(headers.get('content-type')).toBe(image.mediaType);
      expect(headers.get('content-length')).toBe(String(image.manifest.length));
      expect(headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    }
  });

  test.each([
    ['v2', 404, 'MANIFEST_UNKNOWN', 'Requested image not found'],
    [unknownDigest, 404, 'MANIFEST_UNKNOWN', 'Requested image not found'],
    ['a%20b', 400, 'TAG_INVALID', "The image reference 'a b' is neither a tag nor a digest"],
  ])('that are missing get the recorded answer: %s', async (reference, ...expected) => {
    const { registry } = await startWithImage();
    const response = await registry.fetch(`/v2/alias/team/app/manifests/${reference}`);
    expect(await readError(response)).toEqual(expected);
  });

  test.each([
    ['alias/team/other', 'team/other', 'alias'],
    ['other/team/app', 'team/app', 'other'],
    ['team', '', 'team'],
  ])('of an unknown repository name it and the alias: %s', async (name, repositoryName, alias) => {
    const { registry } = await startWithImage();
    const message = `The repository with name '${repositoryName}' does not exist in the registry with id '${alias}'`;
    const response = await registry.fetch(`/v2/${name}/manifests/v1`);
    expect(await readError(response)).toEqual([404, 'NAME_UNKNOWN', message]);
  });
});

describe('blobs', () => {
  async function locate(registry: TestRegistry, digest: string): Promise<string> {
    const response = await registry.fetch(`/v2/alias/team/app/blobs/${digest.replace(':', '%3A')}`);
    expect(response.status).toBe(307);
    return response.headers.get('location') ?? '';
  }

  test('are downloaded from the redirect’s target without a token', async () => {
    const { registry, bytes, layer } = await startWithImage();
    const response = await fetch(await locate(registry, layer));
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
  });

  test.each([
    ['bytes=2-4', 206, 'bytes 2-4/10', '234'],
    ['bytes=7-', 206, 'bytes 7-9/10', '789'],
    ['bytes=7-999', 206, 'bytes 7-9/10', '789'],
    ['bytes=-3', 206, 'bytes 7-9/10', '789'],
    ['bytes=-30', 206, 'bytes 0-9/10', '0123456789'],
    ['bytes=0-0', 206, 'bytes 0-0/10', '0'],
    ['bytes=10-', 416, 'bytes */10', ''],
    ['bytes=-0', 416, 'bytes */10', ''],
    ['bytes=4-2', 200, null, '0123456789'],
    ['bytes=0-1,4-5', 200, null, '0123456789'],
    ['lines=0-1', 200, null, '0123456789'],
    ['bytes=-', 200, null, '0123456789'],
  ])('are served in ranges: %s', async (range, status, contentRange, text) => {
    const { registry, layer } = await startWithImage();
    const response = await fetch(await locate(registry, layer), { headers: { range } });
    expect([response.status, response.headers.get('content-range'), await response.text()]).toEqual([
      status,
      contentRange,
      text,
    ]);
  });

  test('are not downloaded from a forged or expired address', async () => {
    const { registry, layer } = await startWithImage();
    const location = await locate(registry, layer);
    expect((await fetch(`${location.slice(0, -4)}AAAA`)).status).toBe(403);
    expect((await fetch(`${registry.origin}/download/`)).status).toBe(403);
    registry.clock.now += 3_600_000;
    expect((await fetch(location)).status).toBe(403);
  });

  test('of another repository, or of none, are unknown', async () => {
    const { registry, layer } = await startWithImage();
    createRepository(registry.store, 'other');
    expect((await registry.fetch(`/v2/alias/other/blobs/${layer}`)).status).toBe(404);
    expect((await registry.fetch(`/v2/alias/team/app/blobs/${unknownDigest}`)).status).toBe(404);
    expect((await registry.fetch('/v2/alias/team/app/blobs/sha256:..')).status).toBe(404);
  });

  test('answer HEAD for clients that may push, and 401 for others', async () => {
    const { registry, layer } = await startWithImage();
    const path = `/v2/alias/team/app/blobs/${layer}`;
    const head = (at: string, token?: string) => registry.fetch(at, { method: 'HEAD' }, token);
    expect((await head(path)).status).toBe(401);
    const response = await head(path, registry.authorizationToken);
    expect([response.status, response.headers.get('content-length')]).toEqual([200, '10']);
    const missing = `/v2/alias/team/app/blobs/${unknownDigest}`;
    expect((await head(missing, registry.authorizationToken)).status).toBe(404);
  });
});

describe('tags/list', () => {
  async function startWithTags(count: number) {
    const registry = await startTestRegistry();
    createRepository(registry.store, 'r');
    const tags = Array.from({ length: count }, (_, index) => `t${(index * 7) % count}`);
    for (const tag of tags) registry.store.putImage('r', { ...makeImage('{}'), tag });
    return { registry, tags };
  }

  test('is pretty-printed text, unsorted', async () => {
    const { registry, tags } = await startWithTags(3);
    const response = await registry.fetch('/v2/alias/r/tags/list');
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('link')).toBeNull();
    const text = await response.text();
    expect(text).toContain('\n  "tags": [\n');
    expect(JSON.parse(text)).toEqual({ name: 'alias/r', tags });
  });

  test.each([undefined, 1, 7, 1000])('comes in pages of %s that together are complete', async (n) => {
    const { registry, tags } = await startWithTags(n === 1 ? 5 : 250);
    const seen: string[] = [];
    let path: string | undefined = `/v2/alias/r/tags/list${n === undefined ? '' : `?n=${n}`}`;
    while (path !== undefined) {
      const response: Response = await registry.fetch(path);
      const page = await readTags(response);
      expect(page.length).toBeLessThanOrEqual(n ?? 100);
      seen.push(...page);
      path = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual(tags);
  });

  test('continues after a tag that was deleted meanwhile, or that the client names', async () => {
    const { registry, tags } = await startWithTags(5);
    const first = await registry.fetch('/v2/alias/r/tags/list?n=2');
    const next = /<([^>]+)>/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const named = await registry.fetch(`/v2/alias/r/tags/list?last=${tags[1]}`);
    expect(await readTags(named)).toEqual(tags.slice(2));
    registry.store.deleteTag('r', tags[4] ?? '');
    expect(await readTags(await registry.fetch(next))).toEqual(tags.slice(2, 4));
  });

  test.each(['n=0', 'n=1001', 'n=x', 'last=nonsense'])('refuses %s', async (query) => {
    const { registry } = await startWithTags(1);
    const response = await registry.fetch(`/v2/alias/r/tags/list?${query}`);
    expect((await readError(response)).slice(0, 2)).toEqual([405, 'UNSUPPORTED']);
  });
});

test('referrers are listed with type and annotations, and filtered', async () => {
  const registry = await startTestRegistry();
  createRepository(registry.store, 'r');
  const subject = computeBlobDigest('subject');
  const signature = makeImage('{"annotations":{"a":"b"}}', { subject, artifactType: 'text/signature' });
  const sbom = makeImage('{}', { subject, artifactMediaType: 'text/sbom' });
  for (const image of [signature, sbom, makeImage('{"x":1}')]) registry.store.putImage('r', image);
  const list = async (query: string) => {
    const response = await registry.fetch(`/v2/alias/r/referrers/${subject}${query}`);
    expect(response.headers.get('content-type')).toBe('application/vnd.oci.image.index.v1+json');
    return (await readJson<{ manifests: { artifactType: string }[] }>(response)).manifests;
  };
  const entry = {
    mediaType: signature.mediaType,
    digest: computeBlobDigest(signature.manifest),
    size: signature.manifest.length,
    artifactType: 'text/signature',
    annotations: { a: 'b' },
  };
  expect(await list('?artifactType=text/signature')).toEqual([entry]);
  const all = await list('');
  expect(all.map((one) => one.artifactType)).toEqual(['text/signature', 'text/sbom']);
});

test.each(['/v2/_catalog', '/v2/alias/r/x', '/v2//', '/token/x', '/logo/../journal', '/v2/%ff/tags/list'])(
  'nothing is found at %s',
  async (path) => {
    const registry = await startTestRegistry();
    expect((await registry.fetch(path)).status).toBe(404);
  },
);
