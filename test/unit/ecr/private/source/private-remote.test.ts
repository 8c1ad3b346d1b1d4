import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createPrivateClient } from '../../../../../src/ecr/private/client.ts';
import { createPrivateRemote } from '../../../../../src/ecr/private/source/private-remote.ts';
import { RetryBudget } from '../../../../../src/net/retry-budget.ts';
import { digestOf } from '../../../../../src/oci/digest.ts';
import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../../../../src/oci/media-types.ts';
import type { RemoteRepository } from '../../../../../src/registry/remote-repository.ts';
import { catchError } from '../../../../support/catch-error.ts';
import { makeException, type PrivateApi, startPrivateApi } from '../../../../support/private-api.ts';
import { makeSkippingClock } from '../../../../support/skipping-clock.ts';

const { signal } = new AbortController();
const NAME = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app';
const REPOSITORY = { registryId: '123456789012', repositoryName: 'team/app' };
// White space and characters that a rewritten manifest would lose.
const text = `{ "schemaVersion":2,\n\t"mediaType" : "${OCI_MANIFEST}", "annotations":{"a":"é\\u00e9 😀"}}`;
const digest = digestOf(Buffer.from(text));
const other = digestOf('other');
const blob = Buffer.alloc(300_000, 'layer');
const content = { digest: digestOf(blob), size: blob.length };

const api: PrivateApi = await startPrivateApi();
const client = createPrivateClient({
  endpointUrl: api.url,
  region: 'eu-west-1',
  env: { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' },
  clock: makeSkippingClock(),
});
let remote: RemoteRepository;
const retries: string[] = [];

afterAll(() => {
  client.close();
  api.close();
});
beforeEach(() => {
  api.calls.length = 0;
  api.reads.length = 0;
  retries.length = 0;
  api.answer = () => undefined;
  api.intercept = () => false;
  api.manifests.clear();
  for (const name of ['v1', digest]) api.manifests.set(name, { text, mediaType: OCI_MANIFEST });
  api.blobs.set(content.digest, blob);
  remote = open();
});

function open(endpointUrl = api.url): RemoteRepository {
  return createPrivateRemote({
    client: { ...client, endpointUrl },
    address: REPOSITORY,
    name: NAME,
    reading: {
      waitsMs: [],
      budget: new RetryBudget({ clock: makeSkippingClock() }),
      words: { problem: 'cannot be read', hint: 'Run it again.' },
      onRetry: ({ reason }) => retries.push(reason),
      signal,
    },
    close: () => undefined,
  });
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}
const count = (operation: string): number => api.calls.filter((call) => call.operation === operation).length;

describe('an image', () => {
  test('is read by its tag with one signed call, which tells its digest too', async () => {
    expect(await remote.findDigest('v1', signal)).toBe(digest);
    expect(await remote.readManifest(digest, signal)).toEqual({
      bytes: Buffer.from(text),
      digest,
      mediaType: OCI_MANIFEST,
    });
    expect(api.calls).toMatchObject([
      {
        operation: 'BatchGetImage',
        input: {
          ...REPOSITORY,
          imageIds: [{ imageTag: 'v1' }],
          acceptedMediaTypes: [OCI_INDEX, DOCKER_MANIFEST_LIST, OCI_MANIFEST, DOCKER_MANIFEST],
        },
        authorization: expect.stringMatching(/eu-west-1\/ecr\/aws4_request/),
      },
    ]);
    // What was read is given once.
    await remote.readManifest(digest, signal);
    expect(count('BatchGetImage')).toBe(2);
  });

  test('has the media type of its document where the service states none', async () => {
    api.manifests.set('v1', { text });
    expect(await remote.readManifest('v1', signal)).toMatchObject({ mediaType: OCI_MANIFEST });
  });

  test.each(['ImageNotFound', 'ImageTagDoesNotMatchDigest'])('is not there after %s', async (failureCode) => {
    api.answer = () => ({ body: { images: [], failures: [{ failureCode }] } });
    expect(await remote.findDigest('v1', signal)).toBeUndefined();
    expect(await remote.readManifest(other, signal)).toBeUndefined();
  });

  test.each([
    ['ImageInaccessible', 'NOT_FOUND', /update-image-storage-class/],
    ['KmsError', 'AUTH', /KMS key/],
    ['UpstreamAccessDenied', 'AUTH', /pull-through/],
    ['UpstreamTooManyRequests', 'UNAVAILABLE', /later/],
    ['UpstreamUnavailable', 'UNAVAILABLE', /later/],
    ['InvalidImageTag', 'INVALID_INPUT', /tag or digest/],
    ['__proto__', 'INVALID_INPUT', /tag or digest/],
  ])('that cannot be read for %s is an error %s', async (failureCode, code, hint) => {
    const failure = { failureCode, failureReason: 'so it is' };
    api.answer = () => ({ body: { images: [], failures: [failure] } });
    expect(await catchError(() => remote.readManifest('v1', signal))).toMatchObject({
      code,
      message: `${NAME}: the tag v1 cannot be read: ${failureCode}: so it is`,
      hint: expect.stringMatching(hint),
    });
  });

  test('of a missing repository is an error with the words of the service', async () => {
    api.answer = () => makeException('RepositoryNotFoundException', 'The repository does not exist');
    expect(await catchError(() => remote.findDigest('v1', signal))).toMatchObject({
      code: 'NOT_FOUND',
      awsError: 'RepositoryNotFoundException',
    });
  });

  test.each([
    [digest, {}],
    ['v1', { imageDigest: other }],
  ])('asked for by %s with other bytes is refused', async (reference, imageId) => {
    const imageManifest = reference === digest ? `${text} ` : text;
    api.answer = () => ({ body: { images: [{ imageId, imageManifest }] } });
    const error = await catchError(() => remote.readManifest(reference, signal));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('other bytes') });
    expect(count('BatchGetImage')).toBe(1);
  });

  test.each([
    ['without a manifest', { images: [{ imageId: {} }] }],
    ['with a number for one', { images: [{ imageManifest: 7 }] }],
    ['with a text for a list', { images: 'none' }],
    ['with nothing', {}],
    ['with a manifest that is too long', { images: [{ imageManifest: 'x'.repeat(4 * 1024 * 1024 + 1) }] }],
  ])('in an answer %s is asked for again, and then an error', async (_, body) => {
    api.answer = () => ({ body });
    const error = await catchError(() => remote.readManifest('v1', signal));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', operation: 'BatchGetImage' });
    expect(error.message.length).toBeLessThan(500);
    expect(count('BatchGetImage')).toBeGreaterThan(1);
  });
});

describe('a blob', () => {
  test('comes from the signed URL, without another signature', async () => {
    expect(digestOf(await collect(remote.openBlob(content, 0)))).toBe(content.digest);
    expect(digestOf(await remote.readBlob(content, 1_000_000, signal))).toBe(content.digest);
    expect(api.reads).toEqual([`${content.digest} -`, `${content.digest} -`]);
    expect(api.calls.map(({ input }) => input)).toEqual([
      { ...REPOSITORY, layerDigest: content.digest },
      { ...REPOSITORY, layerDigest: content.digest },
    ]);
  });

  test('is read from any byte on', async () => {
    expect(await collect(remote.openBlob(content, 299_990))).toEqual(blob.subarray(299_990));
    expect(api.reads).toEqual([`${content.digest} bytes=299990- -`]);
  });

  test('goes on where the connection broke, with a new URL', async () => {
    let broken = false;
    api.intercept = (_, response) => {
      if (broken) return false;
      broken = true;
      response.writeHead(200, { 'content-length': blob.length });
      response.write(blob.subarray(0, 100_000), () => response.destroy());
      return true;
    };
    expect(digestOf(await collect(remote.openBlob(content, 0)))).toBe(content.digest);
    expect(count('GetDownloadUrlForLayer')).toBe(2);
    expect(api.reads[1]).toMatch(/bytes=\d+- -$/);
  });

  test('is asked for again when its URL has expired, and the error keeps the signature', async () => {
    let expired = 1;
    api.intercept = (_, response) => {
      expired -= 1;
      if (expired >= 0) response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
      return expired >= 0;
    };
    expect(digestOf(await collect(remote.openBlob(content, 0)))).toBe(content.digest);
    expect(count('GetDownloadUrlForLayer')).toBe(2);
    expired = Number.POSITIVE_INFINITY;
    const error = await catchError(() => collect(remote.openBlob(content, 0)));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: `${NAME}: the blob ${content.digest} cannot be read: the registry leads to ${api.contentHost}, which returned HTTP 403`,
    });
    expect(`${retries} ${error.message} ${error.hint}`).not.toMatch(/s3cret|Signature/);
  });

  test.each([
    ['the API', () => makeException('LayersNotFoundException', 'The layer does not exist')],
    ['its host', () => undefined],
  ])('that is missing, as %s says, is an error', async (_, answer) => {
    api.answer = answer;
    api.blobs.clear();
    expect(await catchError(() => collect(remote.openBlob(content, 0)))).toMatchObject({
      code: 'NOT_FOUND',
      message: `${NAME}: the blob ${content.digest} is not there, although a manifest names it`,
    });
  });

  test('is not read over plain HTTP where the API is not', async () => {
    const error = await catchError(() =>
      collect(open('https://api.ecr.eu-west-1.amazonaws.com').openBlob(content, 0)),
    );
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(`the registry leads to http://${api.contentHost}, which is not HTTPS`),
    });
    expect(api.reads).toEqual([]);
  });

  test.each(['no URL', 'file:///etc/passwd', 7, undefined])('at %s is an error', async (downloadUrl) => {
    api.answer = () => ({ body: { downloadUrl } });
    const error = await catchError(() => collect(remote.openBlob(content, 0)));
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('with other bytes is refused where it is read whole', async () => {
    api.blobs.set(content.digest, Buffer.alloc(content.size));
    expect(await catchError(() => remote.readBlob(content, 1_000_000, signal))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('has other bytes'),
    });
    expect(await catchError(() => remote.readBlob(content, 1000, signal))).toMatchObject({
      code: 'INVALID_INPUT',
    });
  });
});

test('tags are listed page by page, and then their digests are known', async () => {
  const pages: Readonly<Record<string, unknown>> = {
    '-': { imageIds: [{ imageTag: 'v1', imageDigest: digest }], nextToken: 'two' },
    two: { imageIds: [{ imageTag: 'v2', imageDigest: other }, { imageDigest: other }, { imageTag: 'v3' }] },
  };
  api.answer = (operation, { nextToken = '-' }) =>
    operation === 'ListImages' ? { body: pages[String(nextToken)] } : undefined;
  const listed: unknown[] = [];
  for await (const page of remote.listTagPages(signal)) listed.push(page);
  expect(listed).toEqual([['v1'], ['v2']]);
  expect(await remote.findDigest('v2', signal)).toBe(other);
  expect(api.calls.map(({ input }) => input)).toEqual([
    { ...REPOSITORY, maxResults: 1000, filter: { tagStatus: 'TAGGED' } },
    { ...REPOSITORY, maxResults: 1000, filter: { tagStatus: 'TAGGED' }, nextToken: 'two' },
  ]);
});

test('a list of tags that does not end is an error', async () => {
  api.answer = () => ({ body: { imageIds: [], nextToken: 'again' } });
  const read = async () => {
    for await (const _ of remote.listTagPages(signal));
  };
  expect(await catchError(read)).toMatchObject({ code: 'UNAVAILABLE' });
});

describe('what refers to an image', () => {
  const referrer = { digest: other, mediaType: OCI_MANIFEST, size: 7, artifactType: 'application/sbom' };

  test('is listed page by page, without what is archived', async () => {
    const archived = { ...referrer, digest: digestOf('archived'), artifactStatus: 'ARCHIVED' };
    const active = {
      ...referrer,
      digest: digestOf('active'),
      artifactStatus: 'ACTIVE',
      annotations: { a: 'b' },
    };
    api.answer = (_, { nextToken }) => ({
      body:
        nextToken === undefined
          ? { referrers: [referrer, archived], nextToken: 'two' }
          : { referrers: [active] },
    });
    const { artifactStatus: _, ...last } = active;
    expect(await remote.findReferrers(digest, signal)).toEqual([referrer, last]);
    expect(api.calls[0]?.input).toEqual({
      ...REPOSITORY,
      maxResults: 50,
      subjectId: { imageDigest: digest },
    });
  });

  test('is looked for under the fallback tag where the endpoint does not know the operation', async () => {
    const list = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [referrer] });
    const tag = digest.replace(':', '-');
    api.manifests.set(tag, { text: list, mediaType: OCI_INDEX });
    expect(await remote.findReferrers(digest, signal)).toEqual([referrer]);
    expect(await remote.findReferrers(other, signal)).toEqual([]);
    expect(await remote.findReferrers(digest, signal, false)).toEqual([]);
    expect(count('ListImageReferrers')).toBe(1);
  });

  test.each([
    [{ ...referrer, digest: 'sha256:short' }, 'INVALID_INPUT'],
    [{ ...referrer, size: -1 }, 'INVALID_INPUT'],
    ['no descriptor', 'INVALID_INPUT'],
  ])('is an error if it is malformed: %j', async (malformed, code) => {
    api.answer = () => ({ body: { referrers: [malformed] } });
    expect(await catchError(() => remote.findReferrers(digest, signal))).toMatchObject({ code });
  });
});
