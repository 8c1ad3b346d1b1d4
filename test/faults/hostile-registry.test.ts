import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Writable } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { RemoteRepository } from '../../src/registry/remote-repository.ts';
import { catchError } from '../support/catch-error.ts';
import { makeHome } from '../support/cli.ts';
import { collectBytes, openTestRemote, type TestRemote } from '../support/remote.ts';
import { makeSkippingClock } from '../support/skipping-clock.ts';

// A registry does its worst to a reader with a login. Each reading ends with a sentence, within bounds, and no other host sees the
// login.

const MIB = 1024 * 1024;
const { signal } = new AbortController();
const home = await makeHome();
afterAll(() => home.remove());

const SECRET = 's3cret-word';
const BASIC = `Basic ${Buffer.from(`me:${SECRET}`).toString('base64')}`;
const TOKEN = 'Bearer t0ken-of-the-registry';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

async function serve(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  // It listens on TCP.
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Another host, which records what it is asked. */
let elsewhere = '';
let witnessed: string[] = [];
/** What it answers. */
let answerElsewhere: Answer;
beforeEach(async () => {
  witnessed = [];
  answerElsewhere = (_, response) => void response.end('from elsewhere');
  elsewhere = await serve((request, response) => {
    witnessed.push(JSON.stringify([request.url, request.headers]));
    answerElsewhere(request, response);
  });
});

/** Opens a registry that serves those who log in, by Basic or for a token of its own. */
async function openHostile(kind: 'Basic' | 'Bearer', answer: Answer): Promise<TestRemote> {
  const host: string = await serve((request, response) => {
    const { authorization } = request.headers;
    if (request.url?.startsWith('/token')) {
      response.writeHead(authorization === BASIC ? 200 : 401);
      response.end(JSON.stringify({ token: TOKEN.slice('Bearer '.length) }));
    } else if (authorization === (kind === 'Basic' ? BASIC : TOKEN)) answer(request, response);
    else {
      const challenge = kind === 'Basic' ? 'Basic realm="it"' : `Bearer realm="http://${host}/token"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    }
  });
  return openAt(host);
}

async function openAt(host: string): Promise<TestRemote> {
  const givenLogin = { username: 'me', secret: SECRET };
  const opened = await openTestRemote(`${host}/team/app`, home.env, {
    givenLogin,
    retryBudget: 20_000,
    clock: makeSkippingClock(),
  });
  cleanups.push(() => opened.remote.close());
  return opened;
}

/** Writes endless text as fast as the client reads it. */
function writeForever(target: Writable, head: string, filler = ' '): void {
  const piece = Buffer.alloc(64 * 1024, filler);
  target.on('error', () => undefined).write(head);
  const more = (): void => {
    if (target.destroyed) return;
    if (target.write(piece)) setImmediate(more);
    else target.once('drain', more);
  };
  more();
}

/** Endless text in few bytes. */
function writeBomb(response: ServerResponse, head: string): void {
  const gzip = createGzip();
  gzip.pipe(response.writeHead(200, { 'content-encoding': 'gzip' }));
  response.on('close', () => gzip.destroy());
  writeForever(gzip, head);
}

const blob = Buffer.alloc(200_000, 'blob');
const content = { digest: digestOf(blob), size: blob.length };
const manifest = Buffer.from(`{"schemaVersion":2,"mediaType":"${OCI_MANIFEST}"}`);

const readManifest = (remote: RemoteRepository) => remote.readManifest('v1', signal);
const readPinned = (remote: RemoteRepository) => remote.readManifest(digestOf(manifest), signal);
const findDigest = (remote: RemoteRepository) => remote.findDigest('v1', signal);
const readBlob = (remote: RemoteRepository) => collectBytes(remote.openBlob(content, 0));
const readRest = (remote: RemoteRepository) => collectBytes(remote.openBlob(content, 1000));
const readConfig = (remote: RemoteRepository) => remote.readBlob(content, MIB, signal);
const findReferrers = (remote: RemoteRepository) => remote.findReferrers(content.digest, signal);
async function listTags(remote: RemoteRepository): Promise<readonly string[]> {
  const tags: string[] = [];
  for await (const page of remote.listTagPages(signal)) tags.push(...page);
  return tags;
}

const redirect =
  (location: () => string): Answer =>
  (_, response) => {
    response.writeHead(307, { location: location() }).end();
  };
const json =
  (text: string, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(200, headers).end(text);
  };

describe('a registry that answers with', () => {
  test.each<[string, (remote: RemoteRepository) => Promise<unknown>, Answer, RegExp]>([
    ['a manifest without end', readManifest, (_, to) => writeForever(to, '{'), /longer than 4 MiB/],
    ['a manifest that is a bomb', readManifest, (_, to) => writeBomb(to, '{'), /longer than 4 MiB/],
    ['a manifest of other bytes', readPinned, json('{"schemaVersion":2}'), /has other bytes than its digest/],
    [
      'a manifest under a wrong digest',
      readManifest,
      json('{}', { 'docker-content-digest': content.digest }),
      /has other bytes than its digest/,
    ],
    [
      'a web page in place of a manifest',
      readManifest,
      (_, to) => {
        to.writeHead(403, { 'content-type': 'text/html' }).end('<html>');
      },
      /with a web page; this does not look like a registry/,
    ],
    ['tags without end', listTags, (_, to) => writeForever(to, '{"tags":["a"'), /longer than 16 MiB/],
    ['tags that are a bomb', listTags, (_, to) => writeBomb(to, '{"tags":["a"'), /longer than 16 MiB/],
    ['tags in many lists', listTags, json('['.repeat(MIB)), /nested deeper/],
    ['a tag that is a path', listTags, json('{"tags":["../../other/manifests/x"]}'), /is not a tag/],
    [
      'tags that lead to another host',
      listTags,
      (_, to) =>
        to.writeHead(200, { link: `<http://${elsewhere}/v2/team/app/tags/list>; rel="next"` }).end('{}'),
      /continues at another place/,
    ],
    [
      'tags in a circle',
      listTags,
      json('{"tags":[]}', { link: '</v2/team/app/tags/list?n=1000>; rel="next"' }),
      /does not end/,
    ],
    [
      'referrers in a circle',
      findReferrers,
      json(`{"schemaVersion":2,"mediaType":"${OCI_INDEX}","manifests":[]}`, {
        'content-type': OCI_INDEX,
        link: `</v2/team/app/referrers/${content.digest}?x>; rel="next"`,
      }),
      /does not end/,
    ],
    [
      'referrers without end',
      findReferrers,
      (_, to) => {
        to.setHeader('content-type', OCI_INDEX);
        writeForever(to, '{');
      },
      /longer than 4 MiB/,
    ],
    ['a blob without end', readBlob, (_, to) => writeForever(to, 'b'), /is longer than the 200000 bytes/],
    ['a blob that is a bomb', readBlob, (_, to) => writeBomb(to, 'b'), /is longer than the 200000 bytes/],
    [
      'a blob of another length',
      readBlob,
      json('short', { 'content-length': '5' }),
      /has 5 bytes, not the 200000/,
    ],
    [
      'the wrong part of a blob',
      readRest,
      (_, to) => to.writeHead(206, { 'content-range': 'bytes 1000-1999/9000' }).end(blob.subarray(0, 1000)),
      /has 9000 bytes, not the 200000/,
    ],
    ['a blob of other bytes', readConfig, json('x'.repeat(200_000)), /has other bytes, with the digest/],
    [
      'a length that is a lie',
      readConfig,
      (_, to) =>
        void to.writeHead(200, { 'content-length': 200_000 }).write(blob.subarray(0, 10), () => to.destroy()),
      /the blob sha256:\w+ (cannot be read|ends after)/,
    ],
    [
      'compressed bytes that are cut off',
      readManifest,
      (_, to) => to.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(manifest).subarray(0, 20)),
      /cannot be read: unexpected end of file/,
    ],
    [
      'headers without end',
      readManifest,
      (request) => {
        request.socket.on('error', () => undefined);
        writeForever(request.socket, 'HTTP/1.1 200 OK\r\nx: ', 'a');
      },
      /cannot be read: Parse Error/,
    ],
    ['no HTTP', readManifest, (request) => request.socket.end('SSH-2.0\r\n'), /cannot be read: Parse Error/],
    [
      'a quota and a long wait',
      readManifest,
      (_, to) => {
        to.writeHead(429, { 'retry-after': '86400' }).end();
      },
      /HTTP 429 and asks to wait 86400 s/,
    ],
    [
      'redirects in a circle',
      readBlob,
      redirect(() => '/v2/team/app/blobs/again'),
      /redirects again and again/,
    ],
    [
      'a redirect to FTP',
      readBlob,
      redirect(() => `ftp://${elsewhere}/x`),
      /redirects to ftp:.*which is not HTTPS/,
    ],
    [
      'a redirect to nowhere',
      readBlob,
      redirect(() => 'http://['),
      /HTTP 307; this does not look like a registry/,
    ],
  ])('%s ends with a sentence', async (_, read, answer, message) => {
    for (const kind of ['Basic', 'Bearer'] as const) {
      const { remote, stderr } = await openHostile(kind, answer);
      const error = await catchError(() => read(remote));
      expect(error).toMatchObject({
        name: 'EcrpError',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(/\w.*\.$/),
      });
      expect(error.message + error.hint + stderr()).not.toMatch(new RegExp(`${SECRET}|${BASIC}|${TOKEN}`));
      expect(witnessed.join()).not.toMatch(/authorization/i);
    }
  });
});

describe('a registry that redirects to another host', () => {
  test.each<[string, (remote: RemoteRepository) => Promise<unknown>]>([
    ['a manifest', readManifest],
    ['a digest', findDigest],
    ['a blob', readBlob],
    ['the rest of a blob', readRest],
  ])('%s does not give away the login', async (_, read) => {
    for (const kind of ['Basic', 'Bearer'] as const) {
      const { remote } = await openHostile(
        kind,
        redirect(() => `http://${elsewhere}/there`),
      );
      await read(remote).catch(() => undefined);
      expect(witnessed).not.toHaveLength(0);
      expect(witnessed.join()).not.toMatch(/authorization/i);
    }
  });

  test.each(['Basic realm="it"', 'Bearer realm="http://HERE/token"'])(
    'which asks to log in with %s gets no login',
    async (challenge) => {
      answerElsewhere = (_, response) => {
        response.writeHead(401, { 'www-authenticate': challenge.replace('HERE', elsewhere) }).end();
      };
      for (const kind of ['Basic', 'Bearer'] as const) {
        const { remote } = await openHostile(
          kind,
          redirect(() => `http://${elsewhere}/there`),
        );
        const error = await catchError(() => readManifest(remote));
        expect(error.message).toContain(`the registry leads to ${elsewhere}, which returned HTTP 401`);
      }
      expect(witnessed.every((line) => line.startsWith('["/there"'))).toBe(true);
      expect(witnessed.join()).not.toMatch(/authorization/i);
    },
  );

  test('and that back to it shows no login any more', async () => {
    let asked = 0;
    const seen: (string | undefined)[] = [];
    const host: string = await serve(({ headers, url }, response) => {
      asked += 1;
      seen.push(headers.authorization);
      if (url?.endsWith('/back')) response.end(manifest);
      else if (headers.authorization !== BASIC)
        response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      else response.writeHead(307, { location: `http://${elsewhere}/there` }).end();
    });
    answerElsewhere = redirect(() => `http://${host}/back`);
    const { remote } = await openAt(host);
    await readManifest(remote);
    expect([asked, seen]).toEqual([3, [undefined, BASIC, undefined]]);
  });
});

describe('a token endpoint that', () => {
  /** Opens a registry whose tokens are at `realm`. */
  const openWithRealm = async (realm: () => string): Promise<TestRemote> =>
    openAt(
      await serve((_, response) => {
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm()}",service="it"` }).end();
      }),
    );

  test.each<[string, Answer, RegExp]>([
    ['never ends', (_, to) => writeForever(to, '{"token":"'), /the answer is longer than 1 MiB/],
    ['is a bomb', (_, to) => writeBomb(to, '{"token":"'), /the answer is longer than 1 MiB/],
    ['nests', json('['.repeat(MIB)), /nested deeper/],
    ['gives no token', json('{"token":7}'), /gave no token/],
    ['gives a token that breaks a header', json('{"token":"a\\r\\nx: y"}'), /gave no token/],
    ['fails', (_, to) => to.writeHead(404, {}).end(), /HTTP 401/],
    ['is a web page', json('<html>'), /not valid JSON/],
  ])('%s ends with a sentence', async (_, answer, message) => {
    answerElsewhere = answer;
    const { remote } = await openWithRealm(() => `http://${elsewhere}/token`);
    const error = await catchError(() => readManifest(remote));
    expect(error).toMatchObject({ name: 'EcrpError', message: expect.stringMatching(message) });
    expect(error.message + error.hint).not.toMatch(new RegExp(`${SECRET}|${BASIC}`));
  });

  test('redirects does not give away the login', async () => {
    const thief: string[] = [];
    const third = await serve(({ headers }, response) => {
      thief.push(JSON.stringify(headers));
      response.end('{"token":"t"}');
    });
    answerElsewhere = redirect(() => `http://${third}/token`);
    const { remote } = await openWithRealm(() => `http://${elsewhere}/token`);
    await catchError(() => readManifest(remote));
    expect(thief).not.toHaveLength(0);
    expect(thief.join()).not.toMatch(/authorization/i);
  });

  test.each(['http://registry.example/token', 'file:///etc/passwd', 'javascript:0'])(
    'is %s is not asked',
    async (realm) => {
      const { remote } = await openWithRealm(() => realm);
      const error = await catchError(() => readManifest(remote));
      expect(error.message).toMatch(/asks to log in at .*, which is not HTTPS/);
    },
  );
});
