import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { RetryBudget } from '../../../src/net/retry-budget.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { createRemoteRepository, type RemoteRepository } from '../../../src/registry/remote-repository.ts';
import { catchError } from '../../support/catch-error.ts';
import { directConnections } from '../../support/connections.ts';
import { makeSkippingClock, type SkippingClock } from '../../support/skipping-clock.ts';

const { signal } = new AbortController();
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

type Answers = (request: IncomingMessage, response: ServerResponse) => void;

/** Serves `/v2/team/app/`, and reads it with a budget whose waits are skipped. `seen` has `METHOD PATH RANGE`. */
async function open(answer: Answers): Promise<{
  readonly remote: RemoteRepository;
  readonly seen: string[];
  readonly host: string;
  readonly clock: SkippingClock;
}> {
  const clock = makeSkippingClock();
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url?.replace('/v2/team/app/', '') ?? '';
    seen.push([request.method, path, request.headers.range].filter(Boolean).join(' '));
    request.url = path;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  // Listening on TCP.
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const remote = createRemoteRepository({
    repository: { registryHost: host, repositoryPath: 'team/app', name: 'example.org/team/app' },
    connections: directConnections,
    access: {},
    reading: {
      waitsMs: [],
      budget: new RetryBudget({ clock }),
      words: { problem: 'cannot be read', hint: 'Run it again.' },
      signal,
    },
    watchWait: (_, work) => work(),
  });
  return { remote, seen, host, clock };
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}

const manifest = Buffer.from(`{"schemaVersion":2,"mediaType":"${OCI_MANIFEST}"}`);
const digest = digestOf(manifest);

describe('a digest is found', () => {
  test('by HEAD alone where the registry tells it', async () => {
    const { remote, seen } = await open((_, response) => {
      response.writeHead(200, { 'docker-content-digest': digest }).end();
    });
    expect(await remote.findDigest('v1', signal)).toBe(digest);
    expect(seen).toEqual(['HEAD manifests/v1']);
  });

  test.each([200, 405])('by reading the manifest where HEAD answers %i without it', async (status) => {
    const { remote, seen } = await open(({ method }, response) => {
      if (method === 'HEAD') response.writeHead(status).end();
      else response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(manifest);
    });
    expect(await remote.findDigest('v1', signal)).toBe(digest);
    expect(seen).toEqual(['HEAD manifests/v1', 'GET manifests/v1']);
  });

  test('as undefined where there is no manifest', async () => {
    const { remote } = await open((_, response) => void response.writeHead(404).end());
    expect([await remote.findDigest('v1', signal), await remote.readManifest('v1', signal)]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('a manifest', () => {
  test.each([
    ['application/vnd.oci.image.manifest.v1+json; charset=utf-8', OCI_MANIFEST],
    ['application/json', OCI_MANIFEST],
    ['text/plain', OCI_MANIFEST],
  ])('has the type that it is, whether the registry says %s', async (type, mediaType) => {
    const { remote } = await open((_, response) => {
      response.writeHead(200, { 'content-type': type }).end(manifest);
    });
    expect(await remote.readManifest(digest, signal)).toEqual({ bytes: manifest, digest, mediaType });
  });

  test.each([
    ['asked for by another digest', digestOf('other'), {}],
    ['that the registry says has another digest', 'v1', { 'docker-content-digest': digestOf('other') }],
  ])('%s is refused', async (_, reference, headers) => {
    const { remote } = await open((__, response) => void response.writeHead(200, headers).end(manifest));
    const error = await catchError(() => remote.readManifest(reference, signal));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining(digestOf('other')) });
  });

  test('is bounded', async () => {
    const { remote } = await open((_, response) => void response.end(Buffer.alloc(5_000_000, 0x20)));
    const error = await catchError(() => remote.readManifest('v1', signal));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'example.org/team/app: the tag v1 cannot be read: the answer is longer than 4 MiB',
    });
  });
});

describe('a blob', () => {
  const blob = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  const content = { digest: digestOf(blob), size: blob.length };

  /** Serves ranges of the blob, and breaks off at each of `breaks`. */
  function serveRanges(breaks: readonly number[]): Answers {
    return ({ headers }, response) => {
      const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
      const head = { 'content-length': blob.length - start };
      const range = { 'content-range': `bytes ${start}-${blob.length - 1}/${blob.length}` };
      response.writeHead(start > 0 ? 206 : 200, start > 0 ? { ...head, ...range } : head);
      const end = breaks.find((each) => each > start);
      if (end === undefined) response.end(blob.subarray(start));
      else response.write(blob.subarray(start, end), () => response.destroy());
    };
  }

  test('continues where it broke off', async () => {
    const { remote, seen } = await open(serveRanges([100_000, 200_000]));
    const read = await collect(remote.openBlob(content, 0));
    expect(read.equals(blob)).toBe(true);
    expect(seen).toEqual([
      `GET blobs/${content.digest}`,
      `GET blobs/${content.digest} bytes=100000-`,
      `GET blobs/${content.digest} bytes=200000-`,
    ]);
  });

  test.each([1, 100_000])('continues after its consumer was busy for hours, from byte %i', async (first) => {
    const { remote, clock } = await open(serveRanges([first]));
    const read: Buffer[] = [];
    for await (const chunk of remote.openBlob(content, 0)) {
      read.push(Buffer.from(chunk));
      clock.pass(3_600_000);
    }
    expect(Buffer.concat(read).equals(blob)).toBe(true);
  });

  test('that breaks off again and again without progress is an error in the end', async () => {
    const { remote, seen } = await open(serveRanges(Array.from({ length: 10_000 }, (_, index) => index + 1)));
    const error = await catchError(() => collect(remote.openBlob(content, 0)));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(/aborted|broke off/) });
    expect(seen.length).toBeLessThan(1000);
  });

  test('can be read from any byte, again and again', async () => {
    const { remote } = await open(serveRanges([]));
    const opened = remote.openBlob(content, 123_456);
    for (const read of [await collect(opened), await collect(opened)]) {
      expect(read.equals(blob.subarray(123_456))).toBe(true);
    }
    expect(await collect(remote.openBlob(content, blob.length))).toHaveLength(0);
  });

  test('is read again from the beginning where the server ignores ranges', async () => {
    let times = 0;
    const { remote } = await open((_, response) => {
      times += 1;
      response.writeHead(200, { 'content-length': blob.length });
      if (times < 3) response.write(blob.subarray(0, times * 100_000), () => response.destroy());
      else response.end(blob);
    });
    expect((await collect(remote.openBlob(content, 0))).equals(blob)).toBe(true);
    expect(times).toBe(3);
  });

  test('is read whole where the server returns another range', async () => {
    const { remote, seen } = await open(({ headers }, response) => {
      if (headers.range === undefined) response.end(blob);
      else response.writeHead(206, { 'content-range': `bytes 0-9/${blob.length}` }).end(blob.subarray(0, 10));
    });
    expect((await collect(remote.openBlob(content, 1000))).equals(blob.subarray(1000))).toBe(true);
    expect(seen).toHaveLength(2);
  });

  test.each<[string, Answers, string]>([
    ['that is missing', (_, response) => void response.writeHead(404).end(), 'is not there'],
    ['with a wrong length', (_, response) => void response.end('short'), 'has 5 bytes, not the 300000'],
    [
      'that is longer',
      (_, response) => {
        response.write(blob);
        response.end('more');
      },
      'is longer than the 300000 bytes',
    ],
    [
      'that ends early',
      ({ headers }, response) => {
        if (headers.range !== undefined) response.writeHead(416).end();
        else response.write(blob.subarray(0, 150_000), () => response.end());
      },
      'ends after 150000 of the 300000 bytes',
    ],
    [
      'that has become shorter',
      ({ headers }, response) => {
        if (headers.range === undefined) response.write(blob.subarray(0, 70_000), () => response.destroy());
        else response.writeHead(206, { 'content-range': 'bytes 70000-70009/70010' }).end('0123456789');
      },
      'has 70010 bytes, not the 300000',
    ],
  ])('%s is an error', async (_, answer, message) => {
    const { remote } = await open(answer);
    const error = await catchError(() => collect(remote.openBlob(content, 0)));
    expect(error).toMatchObject({
      message: expect.stringMatching(`^example.org/team/app: the blob ${content.digest} .*${message}`),
      hint: expect.any(String),
    });
  });

  test('that is small is read and checked', async () => {
    const { remote } = await open((_, response) => void response.end('{"os":"linux"}'));
    const config = Buffer.from('{"os":"linux"}');
    const read = (stated: Buffer, mostBytes: number) =>
      remote.readBlob({ digest: digestOf(stated), size: stated.length }, mostBytes, signal);
    expect(await read(config, 100)).toEqual(config);
    expect(await catchError(() => read(config, 10))).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await catchError(() => read(Buffer.from('{"os":"lynux"}'), 100))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('other bytes'),
    });
  });
});

describe('the referrers of a digest', () => {
  const referrer = (name: string) => ({ mediaType: OCI_MANIFEST, digest: digestOf(name), size: name.length });
  const listOf = (...names: readonly string[]) =>
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: names.map(referrer) });
  const fallbackTag = digest.replace(':', '-');

  test('come from the API, page by page', async () => {
    const { remote, seen } = await open(({ url }, response) => {
      const isFirst = url === `referrers/${digest}`;
      response.writeHead(200, {
        'content-type': OCI_INDEX,
        ...(isFirst && { link: `</v2/team/app/referrers/${digest}?page=2>; rel="next"` }),
      });
      response.end(listOf(isFirst ? 'first' : 'second'));
    });
    expect(await remote.findReferrers(digest, signal)).toEqual([referrer('first'), referrer('second')]);
    expect(seen).toEqual([`GET referrers/${digest}`, `GET referrers/${digest}?page=2`]);
  });

  test.each<[string, number, string]>([
    ['does not know the API', 404, ''],
    ['refuses the API', 403, ''],
    ['answers with a web page', 200, 'text/html'],
  ])('come from the fallback tag where the registry %s', async (_, status, type) => {
    const { remote, seen } = await open(({ url }, response) => {
      if (url?.startsWith('referrers/')) response.writeHead(status, { 'content-type': type }).end('<html>');
      else response.writeHead(200, { 'content-type': OCI_INDEX }).end(listOf('signature'));
    });
    expect(await remote.findReferrers(digest, signal)).toEqual([referrer('signature')]);
    expect(seen[1]).toBe(`HEAD manifests/${fallbackTag}`);
  });

  test('are none without API and fallback tag, and no manifest is read', async () => {
    const { remote, seen } = await open((_, response) => void response.writeHead(404).end());
    expect(await remote.findReferrers(digest, signal)).toEqual([]);
    expect(seen).toEqual([`GET referrers/${digest}`, `HEAD manifests/${fallbackTag}`]);
  });

  test('are asked of a missing API once, even for several digests at the same time', async () => {
    const { remote, seen } = await open((_, response) => void response.writeHead(404).end());
    const digests = [digest, digestOf('other'), digestOf('third')];
    const found = await Promise.all(digests.map((each) => remote.findReferrers(each, signal, false)));
    expect(found).toEqual([[], [], []]);
    expect(seen).toEqual([`GET referrers/${digest}`]);
  });

  test('are asked of an API for each digest, also when its first answer is an error', async () => {
    const broken = digestOf('broken');
    const { remote } = await open(({ url }, response) => {
      if (url?.endsWith(broken)) response.writeHead(200, { 'content-type': OCI_INDEX }).end('{');
      else response.writeHead(200, { 'content-type': OCI_INDEX }).end(listOf('signature'));
    });
    const found = await Promise.allSettled(
      [broken, digest].map((each) => remote.findReferrers(each, signal, false)),
    );
    expect(found).toMatchObject([
      { status: 'rejected' },
      { status: 'fulfilled', value: [referrer('signature')] },
    ]);
  });

  test('are asked of a missing API once, and no tag is asked for that is known to be missing', async () => {
    const { remote, seen } = await open((_, response) => void response.writeHead(404).end());
    const other = digestOf('other');
    expect(await remote.findReferrers(digest, signal, false)).toEqual([]);
    expect(await remote.findReferrers(other, signal, false)).toEqual([]);
    expect(await remote.findReferrers(other, signal, true)).toEqual([]);
    expect(seen).toEqual([`GET referrers/${digest}`, `HEAD manifests/${other.replace(':', '-')}`]);
  });

  test('are asked of the API for each digest, whatever tags there are', async () => {
    const { remote, seen } = await open((_, response) => {
      response.writeHead(200, { 'content-type': OCI_INDEX }).end(listOf('signature'));
    });
    for (const each of [digest, digestOf('other')]) {
      expect(await remote.findReferrers(each, signal, false)).toEqual([referrer('signature')]);
    }
    expect(seen).toEqual([`GET referrers/${digest}`, `GET referrers/${digestOf('other')}`]);
  });
});

test('tags come page by page, with links that a proxy has changed to HTTP', async () => {
  const { remote, seen, host } = await open(({ url }, response) => {
    const link = `<http://${host}/v2/team/app/tags/list?n=1000&last=b>; rel="next"`;
    if (url === 'tags/list?n=1000') response.writeHead(200, { link }).end('{"tags":["a","b"]}');
    else response.end('{"tags":["c"]}');
  });
  const pages: (readonly string[])[] = [];
  for await (const page of remote.listTagPages(signal)) pages.push(page);
  expect(pages).toEqual([['a', 'b'], ['c']]);
  expect(seen).toHaveLength(2);
});
