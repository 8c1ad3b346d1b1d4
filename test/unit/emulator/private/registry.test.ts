import { describe, expect, test } from 'vitest';
import { computeBlobDigest } from '../../../../src/emulator/storage/model.ts';
import { readError, readJson } from '../registry/registry-server.ts';
import { makeManifest, startPrivateRegistry } from './private-registry-server.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const HOUR_MS = 3_600_000;

describe('credentials', () => {
  test.each([
    ['no', {}],
    ['Bearer', { authorization: 'Bearer TOKEN' }],
    ['garbled', { authorization: `Basic ${btoa('AWS:secret')}` }],
  ])('%s credentials get the recorded challenge, as plain text', async (_, headers) => {
    const { origin, token } = await startPrivateRegistry();
    const sent = Object.entries(headers).map(([name, value]) => [name, value.replace('TOKEN', token)]);
    const response = await fetch(`${origin}/v2/team/app/tags/list`, { headers: Object.fromEntries(sent) });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      `Basic realm="${origin}/",service="ecr.amazonaws.com"`,
    );
    expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('content-length')).toBe('15');
    expect(await response.text()).toBe('Not Authorized\n');
  });

  test('the authorization token is accepted as Basic for 12 hours, and then refused without a challenge', async () => {
    const { send, clock } = await startPrivateRegistry();
    clock.now += 12 * HOUR_MS - 1;
    expect((await send('GET', '')).status).toBe(200);
    clock.now += 1;
    const response = await send('GET', '');
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(await readError(response)).toEqual([
      403,
      'DENIED',
      'Your authorization token has expired. Reauthenticate and try again.',
    ]);
  });

  test('there is no token endpoint, and no download without credentials', async () => {
    const { origin } = await startPrivateRegistry();
    for (const path of ['/token/', '/token', '/download/x', '/logo/x.png']) {
      expect((await fetch(`${origin}${path}`)).status, path).toBe(404);
    }
  });
});

describe('permissions', () => {
  test.each([
    ['GET', 'team/app/manifests/1', 'BatchGetImage'],
    ['HEAD', 'team/app/manifests/1', 'BatchGetImage'],
    ['GET', `team/app/blobs/${computeBlobDigest('x')}`, 'GetDownloadUrlForLayer'],
    ['GET', 'team/app/tags/list', 'ListImages'],
    ['GET', `team/app/referrers/${computeBlobDigest('x')}`, 'BatchGetImage'],
    ['POST', 'team/app/blobs/uploads/', 'InitiateLayerUpload'],
    ['PUT', 'team/app/manifests/1', 'PutImage'],
    ['DELETE', 'team/app/manifests/1', 'BatchDeleteImage'],
  ])('%s %s needs permission for it', async (method, path, operation) => {
    const { send, principal } = await startPrivateRegistry({ allowedActions: ['ecr:Describe*'] });
    const response = await send(method, path);
    expect(response.status).toBe(403);
    if (method === 'HEAD') return;
    expect(await readError(response)).toEqual([
      403,
      'DENIED',
      `User: ${principal.arn} is not authorized to perform: ecr:${operation} on resource: arn:aws:ecr:eu-west-1:123456789012:repository/team/app because no identity-based policy allows the ecr:${operation} action`,
    ]);
  });

  test('_catalog needs permission to describe repositories', async () => {
    const { send } = await startPrivateRegistry({ allowedActions: ['ecr:ListImages'] });
    expect((await readError(await send('GET', '_catalog'))).slice(0, 2)).toEqual([403, 'DENIED']);
  });

  test('the Host names another account, whose repository policy decides', async () => {
    const { sendTo, store, principal } = await startPrivateRegistry({ registryId: '210987654321' });
    const host = '123456789012.dkr.ecr.eu-west-1.localhost';
    expect((await sendTo(host, 'GET', 'team/app/tags/list')).text).toContain(
      'because no resource-based policy allows the ecr:ListImages action',
    );
    const Statement = [{ Effect: 'Allow', Principal: { AWS: principal.arn }, Action: 'ecr:ListImages' }];
    store.setPolicyText('team/app', JSON.stringify({ Version: '2012-10-17', Statement }));
    expect((await sendTo(host, 'GET', 'team/app/tags/list')).status).toBe(200);
    expect((await sendTo(host, 'GET', 'team/missing/tags/list')).status).toBe(404);
    expect((await sendTo(host, 'GET', '_catalog')).status).toBe(403);
  });
});

describe('pull', () => {
  test('GET of a blob redirects to a signed address on another port, that serves it without credentials only', async () => {
    const { upload, send, putImage, origin, token } = await startPrivateRegistry();
    await putImage('1', 'config', 'layer');
    const response = await send('GET', `team/app/blobs/${await upload('layer')}`);
    expect(response.status).toBe(307);
    const location = response.headers.get('location') ?? '';
    expect(new URL(location).host).not.toBe(new URL(origin).host);
    expect(new URL(location).searchParams.get('X-Amz-Expires')).toBe('3600');
    expect(await (await fetch(location)).text()).toBe('layer');
    const refused = await fetch(location, { headers: { authorization: `Basic ${token}` } });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('Only one auth mechanism allowed');
  });

  test('an unknown repository is named with the id of its registry', async () => {
    const { send } = await startPrivateRegistry();
    for (const [method, path] of [
      ['GET', 'team/missing/tags/list'],
      ['POST', 'team/missing/blobs/uploads/'],
      ['GET', 'app/manifests/1'],
    ] as const) {
      const [, name] = /^(.+?)\/(?:tags|blobs|manifests)\//.exec(path) ?? [];
      expect(await readError(await send(method, path))).toEqual([
        404,
        'NAME_UNKNOWN',
        `The repository with name '${name}' does not exist in the registry with id '123456789012'`,
      ]);
    }
  });
});

describe('lists', () => {
  test.each([
    ['team/app/tags/list', 'tags'],
    ['_catalog', 'repositories'],
  ] as const)(
    '%s comes in pages of 100 in the order of creation, with whole addresses',
    async (path, member) => {
      const { send, origin, store, putImage, createRepository } = await startPrivateRegistry();
      const digest = await putImage('0', 'config', 'layer');
      const names = Array.from({ length: 230 }, (_, index) => String(230 - index));
      for (const name of names) {
        if (member === 'tags') store.putImage('team/app', { ...readImage(digest), tag: name });
        else createRepository(`r/${name}`);
      }
      const expected =
        member === 'tags' ? ['0', ...names] : ['team/app', ...names.map((name) => `r/${name}`)];
      const found: string[] = [];
      let next: string | undefined = `${origin}/v2/${path}`;
      for (let page = 0; next !== undefined; page += 1) {
        const response: Response = await send('GET', next);
        expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
        const listed = await readJson<Record<string, string[]>>(response);
        expect(listed[member]?.length).toBe(page < 2 ? 100 : 31);
        found.push(...(listed[member] ?? []));
        [, next] = /^<([^>]*)>; rel="next"$/.exec(response.headers.get('link') ?? '') ?? [];
        if (next !== undefined) expect(next.startsWith(`${origin}/v2/${path}?last=`)).toBe(true);
      }
      expect(found).toEqual(expected);

      function readImage(imageDigest: string) {
        const image = [...(store.repositories.get('team/app')?.images.values() ?? [])].find(
          (each) => each.digest === imageDigest,
        );
        if (image === undefined) throw new Error('the image is not there');
        return { ...image, manifest: Buffer.from(makeManifest('config', 'layer')) };
      }
    },
  );

  test('a page of the length that is asked for says so in its link', async () => {
    const { send, putImage } = await startPrivateRegistry();
    for (const tag of ['b', 'a', 'c']) await putImage(tag, 'config', 'layer');
    const first = await send('GET', 'team/app/tags/list?n=2');
    expect(await first.json()).toEqual({ name: 'team/app', tags: ['b', 'a'] });
    const [, next = ''] = /^<([^>]*)>/.exec(first.headers.get('link') ?? '') ?? [];
    expect(new URL(next).searchParams.get('n')).toBe('2');
    expect(await (await send('GET', next)).json()).toEqual({ name: 'team/app', tags: ['c'] });
  });

  test.each([
    [
      'n=1001',
      "Invalid parameter at 'maxResults' failed to satisfy constraint: 'Member must have value less than or equal to 1000'",
    ],
    [
      'last=1',
      "Invalid parameter at 'NextToken' failed to satisfy constraint: 'Invalid next token provided'",
    ],
  ])('?%s is refused with the recorded text', async (query, text) => {
    const { send, putImage } = await startPrivateRegistry();
    await putImage('1', 'config', 'layer');
    for (const path of ['team/app/tags/list', '_catalog']) {
      expect(await readError(await send('GET', `${path}?${query}`))).toEqual([405, 'UNSUPPORTED', text]);
    }
  });
});

describe('push', () => {
  test('a PATCH gets 201, and its Range stays at the first chunk', async () => {
    const { send } = await startPrivateRegistry();
    const location = (await send('POST', 'team/app/blobs/uploads/')).headers.get('location') ?? '';
    const chunk = Buffer.alloc(5 * 1024 * 1024, 'a');
    for (const _ of ['first', 'second']) {
      const response = await send('PATCH', location, chunk);
      expect([response.status, response.headers.get('range')]).toEqual([201, `0-${chunk.length - 1}`]);
    }
    const digest = computeBlobDigest(Buffer.concat([chunk, chunk]));
    expect((await send('PUT', `${location}?digest=${digest}`)).status).toBe(201);
  });

  test('a manifest whose layers are missing gets the recorded code and text', async () => {
    const { send } = await startPrivateRegistry();
    const text = makeManifest('absent', 'gone');
    const response = await send('PUT', 'team/app/manifests/1', text, { 'content-type': manifestType });
    const digests = [computeBlobDigest('absent'), computeBlobDigest('gone')].join(', ');
    expect(await readError(response)).toEqual([
      404,
      'BLOB_UPLOAD_UNKNOWN',
      `Layers with digests '[${digests}]' required for pushing image into repository with name 'team/app' in the registry with id '123456789012' do not exist`,
    ]);
  });

  test('a manifest under a wrong digest gets the recorded code', async () => {
    const { send, upload } = await startPrivateRegistry();
    for (const blob of ['config', 'layer']) await upload(blob);
    const path = `team/app/manifests/${computeBlobDigest('another')}`;
    const response = await send('PUT', path, makeManifest('config', 'layer'), {
      'content-type': manifestType,
    });
    expect(await readError(response)).toEqual([
      400,
      'MANIFEST_INVALID',
      `The image with digest '${computeBlobDigest('another')}' in repository 'team/app' and registry ID '123456789012' does not match the image digest that Amazon ECR has calculated.`,
    ]);
  });

  test('an immutable tag does not move, but takes the same manifest again', async () => {
    const { send, putImage, createRepository } = await startPrivateRegistry();
    createRepository('team/fixed', {
      imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
      exclusionFilters: ['dev-*'],
    });
    await putImage('1', 'config', 'layer', 'team/fixed');
    await putImage('1', 'config', 'layer', 'team/fixed');
    await putImage('dev-1', 'config', 'layer', 'team/fixed');
    await putImage('dev-1', 'other', 'layer', 'team/fixed');
    const text = makeManifest('other', 'layer');
    const response = await send('PUT', 'team/fixed/manifests/1', text, { 'content-type': manifestType });
    expect(await readError(response)).toEqual([
      400,
      'TAG_INVALID',
      "The image tag '1' already exists in the 'team/fixed' repository and cannot be overwritten because the tag is immutable.",
    ]);
  });

  test('a whole blob with POST starts an ordinary upload', async () => {
    const { send } = await startPrivateRegistry();
    const response = await send('POST', `team/app/blobs/uploads/?digest=${computeBlobDigest('x')}`, 'x');
    expect(response.status).toBe(202);
  });

  test('an image refers to its subject, and GET referrers finds it', async () => {
    const { send, putImage } = await startPrivateRegistry();
    const digest = await putImage('1', 'config', 'layer');
    const subject = { mediaType: manifestType, digest, size: makeManifest('config', 'layer').length };
    const text = makeManifest('config', 'layer', { subject, artifactType: 'application/vnd.example' });
    const put = await send('PUT', `team/app/manifests/${computeBlobDigest(text)}`, text, {
      'content-type': manifestType,
    });
    expect([put.status, put.headers.get('oci-subject')]).toEqual([201, digest]);
    const { manifests } = await readJson<{ manifests: object[] }>(
      await send('GET', `team/app/referrers/${digest}`),
    );
    expect(manifests).toMatchObject([
      { digest: computeBlobDigest(text), artifactType: 'application/vnd.example' },
    ]);
  });
});

describe('a mount', () => {
  /** Asks for a mount from `team/app`, into a new repository. Returns the status. */
  async function mount(options: Parameters<typeof startPrivateRegistry>[0], settings = {}, withImage = true) {
    const registry = await startPrivateRegistry(options);
    registry.createRepository('team/new', settings);
    if (withImage) await registry.putImage('1', 'config', 'layer');
    const digest = await registry.upload('layer');
    const { status } = await registry.send('POST', `team/new/blobs/uploads/?mount=${digest}&from=team/app`);
    const isThere = registry.store.repositories.get('team/new')?.layers.has(computeBlobDigest('layer'));
    expect(isThere).toBe(status === 201);
    return status;
  }

  test('succeeds only while the account has BLOB_MOUNTING enabled', async () => {
    expect(await mount({ blobMounting: true })).toBe(201);
    expect(await mount({})).toBe(202);
  });

  test('needs an image that refers to the blob, the same encryption, and permission to download it', async () => {
    expect(await mount({ blobMounting: true }, {}, false)).toBe(202);
    expect(await mount({ blobMounting: true }, { encryptionType: 'KMS', kmsKey: 'key' })).toBe(202);
    const allowedActions = [
      'ecr:InitiateLayerUpload',
      'ecr:UploadLayerPart',
      'ecr:Complete*',
      'ecr:PutImage',
    ];
    expect(await mount({ blobMounting: true, allowedActions })).toBe(202);
  });
});
