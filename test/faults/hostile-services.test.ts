import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { spawnCli } from '../support/cli.ts';
import { startWorkplace } from '../support/workplace.ts';

const MIB = 1024 * 1024;
/** Most memory at the peak. The program itself takes 70 to 90 MB. */
const MOST_BYTES = 250_000_000;
const archive = join(import.meta.dirname, '..', '..', 'fixtures', 'archives', 'docker-20.10-one.tar');
const reporter = join(import.meta.dirname, '..', 'support', 'report-memory.cjs');

const { home, emulator } = await startWorkplace();

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  // It listens on TCP.
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Runs the built program. Returns its result, and its peak memory in bytes. */
async function measure(argv: readonly string[], env: Record<string, string>) {
  const report = join(home.directory, 'peak');
  // On a busy machine, 16 MiB may take longer than any budget that is not minutes. None of these answers uses it up.
  const result = await spawnCli([...argv, '--retry-budget', '9m', '--json'], {
    env: {
      ...home.env,
      ...emulator.env,
      ...env,
      NODE_OPTIONS: `--require ${JSON.stringify(reporter)}`,
      ECRP_TEST_MEMORY: report,
    },
  }).ended;
  const peakBytes = Number(await readFile(report, 'utf8')) * 1024;
  expect(peakBytes).toBeGreaterThan(20_000_000);
  return { ...result, peakBytes };
}

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.1' };
const filler = Buffer.alloc(64 * 1024, 'a');

/** Writes endless text as fast as the client reads it. */
function writeForever(target: Writable, head: string, piece: Buffer = filler): void {
  target.on('error', () => undefined).write(head);
  const more = (): void => {
    if (target.destroyed) return;
    if (target.write(piece)) setImmediate(more);
    else target.once('drain', more);
  };
  more();
}

const encode = (text: string) => Buffer.from(text).toString('base64');
const nested = '['.repeat(10 * MIB);
const wide = `[${'{},'.repeat(5 * MIB)}{}]`;

describe('an API that answers', () => {
  test.each<[string, RequestListener, RegExp]>([
    [
      'without end',
      (_request, response) =>
        writeForever(response.writeHead(200, JSON_TYPE), '{"repositories":[{"repositoryName":"'),
      /returned HTTP 200 with more than 16 MiB; this does not look like ECR Public/,
    ],
    [
      'an error without end',
      (_request, response) => writeForever(response.writeHead(400, JSON_TYPE), '{"__type":"X","message":"'),
      /returned HTTP 400 with more than 256 KiB/,
    ],
    [
      'JSON in JSON in JSON',
      (_request, response) => response.writeHead(200, JSON_TYPE).end(`{"repositories":${nested}`),
      /with JSON that is nested deeper than 100/,
    ],
    [
      'millions of values',
      (_request, response) => response.writeHead(200, JSON_TYPE).end(`{"repositories":${wide}}`),
      /with JSON that holds more than 250000 values/,
    ],
    [
      'the same page token for ever',
      (_request, response) =>
        response.writeHead(200, JSON_TYPE).end('{"repositories":[],"nextToken":"again"}'),
      /gives a page token twice/,
    ],
  ])('%s is given up, and takes no memory', async (_name, listener, message) => {
    const host = await serve(listener);
    const { status, json, peakBytes, stderr } = await measure(['repo', 'list'], {
      AWS_ENDPOINT_URL_ECR_PUBLIC: `http://${host}`,
    });
    expect(status, stderr).toBe(8);
    expect(json()).toMatchObject({ error: { message: expect.stringMatching(message) } });
    expect(peakBytes).toBeLessThan(MOST_BYTES);
  });

  test('with endless pages makes the program give up without using memory', async () => {
    let pages = 0;
    const repository = (name: string) => ({
      repositoryName: name,
      repositoryArn: `arn:aws:ecr-public::123456789012:repository/${name}`,
      registryId: '123456789012',
      repositoryUri: `public.ecr.aws/a1b2c3d4/${name}`,
    });
    const host = await serve((_request, response) => {
      pages += 1;
      const repositories = Array.from({ length: 1000 }, (_, index) => repository(`r-${pages}-${index}`));
      response.writeHead(200, JSON_TYPE).end(JSON.stringify({ repositories, nextToken: `p-${pages}` }));
    });
    const { status, json, peakBytes } = await measure(['repo', 'list'], {
      AWS_ENDPOINT_URL_ECR_PUBLIC: `http://${host}`,
    });
    expect(status).toBe(8);
    expect(json()).toMatchObject({ error: { message: expect.stringContaining('the list does not end') } });
    expect(pages).toBeLessThan(200);
    expect(peakBytes).toBeLessThan(MOST_BYTES);
  });

  test.each([
    [['repo', 'list'], { repositories: 'abc' }, 'repositories is "abc", not a list'],
    [['repo', 'list'], { repositories: [null] }, 'its type is another one'],
    [['repo', 'list'], { repositories: [], nextToken: 5 }, 'nextToken is 5, not a text'],
    [['token'], { authorizationToken: 5, expiresAt: 1.9e9 }, 'authorizationToken is not a token'],
    [['token'], { authorizationToken: ['QVdTOng='], expiresAt: 1.9e9 }, 'authorizationToken is not a token'],
    [
      ['token'],
      { authorizationToken: encode('AWS:a\u001b[2J'), expiresAt: 1.9e9 },
      'the token is not base64',
    ],
    [['login'], { authorizationToken: encode('AWS:a\n'), expiresAt: 1.9e9 }, 'the token is not base64'],
  ])('%j with %j is refused as no answer of the service', async (argv, members, message) => {
    const body = argv[0] === 'repo' ? members : { authorizationData: members };
    const host = await serve((_request, response) => {
      response.writeHead(200, JSON_TYPE).end(JSON.stringify(body));
    });
    const { status, json } = await measure(argv, {
      AWS_ENDPOINT_URL_ECR_PUBLIC: `http://${host}`,
      ECRP_REGISTRY_HOST: host,
    });
    expect(status).toBe(8);
    expect(json()).toMatchObject({ error: { message: expect.stringContaining(message) } });
  });

  test.each([
    [{ partSize: 1 }, /partSize is 1, and parts have 5242880 to 20971520 bytes/],
    [{ partSize: 'x' }, /partSize is "x", not a number of bytes/],
    [{ partSize: -5 }, /partSize is -5, not a number of bytes/],
    [{ partSize: 1e300 }, /partSize is .*, not a number of bytes/],
    [{ partSize: 10.5 * MIB + 0.5 }, /partSize is .*, not a number of bytes/],
    [{ uploadId: 'x'.repeat(2000) }, /uploadId is not an id/],
    [{ uploadId: {} }, /uploadId is object, not a text/],
  ])('an upload with %j is refused as no answer of the service', async (members, message) => {
    const host = await serve(({ headers }, response) => {
      const isBegin = String(headers['x-amz-target']).endsWith('InitiateLayerUpload');
      const answer = isBegin
        ? { uploadId: 'u', partSize: 10 * MIB, ...members }
        : { layers: [], failures: [] };
      response.writeHead(200, JSON_TYPE).end(JSON.stringify(answer));
    });
    const { status, json } = await measure(['push', archive, 'app:1.0'], {
      AWS_ENDPOINT_URL_ECR_PUBLIC: `http://${host}`,
    });
    expect(status).toBe(8);
    expect(json()).toMatchObject({ error: { message: expect.stringMatching(message) } });
  });
});

describe('a registry that answers', () => {
  const challenge = (host: string | undefined) => ({
    'www-authenticate': `Bearer realm="http://${host}/token/",service="s",scope="aws"`,
    'content-length': '0',
  });
  const zeros = Buffer.alloc(4 * MIB);

  test.each<[string, (response: ServerResponse) => void, (response: ServerResponse) => void, RegExp]>([
    [
      'a token without end',
      (response) => writeForever(response.writeHead(200), '{"token":"'),
      () => undefined,
      /the answer is longer than 1 MiB/,
    ],
    [
      'a token that is a gzip bomb',
      (response) => {
        const gzip = createGzip();
        gzip.pipe(response.writeHead(200, { 'content-encoding': 'gzip' }));
        response.on('close', () => gzip.destroy());
        writeForever(gzip, '{"token":"', zeros);
      },
      () => undefined,
      /the answer is longer than 1 MiB/,
    ],
    [
      'a token in ten thousand arrays',
      (response) => response.writeHead(200).end(nested.slice(0, MIB - 1)),
      () => undefined,
      /nested deeper than 100/,
    ],
    [
      'a manifest without end',
      (response) => response.writeHead(200).end('{"token":"t"}'),
      (response) => writeForever(response.writeHead(200), '{'),
      /the answer is longer than 4 MiB/,
    ],
    [
      'a web page',
      (response) => response.writeHead(200).end('{"token":"t"}'),
      (response) => response.writeHead(403, { 'content-type': 'text/html' }).end('<html>Sign in</html>'),
      /returned HTTP 403 with a web page; this does not look like a registry/,
    ],
  ])('%s is given up, and takes no memory', async (_name, answerToken, answerManifest, message) => {
    const host = await serve(({ url, headers }, response) => {
      if (url?.startsWith('/token/')) answerToken(response);
      else if (headers.authorization === undefined) response.writeHead(401, challenge(headers.host)).end();
      else answerManifest(response);
    });
    const argv = ['push', archive, 'hostile/app:1.0', '--create-repo', '--verify', '--no-remote-cache'];
    const { status, json, peakBytes, stderr } = await measure(argv, { ECRP_REGISTRY_HOST: host });
    expect(status, stderr).toBe(8);
    expect(json()).toMatchObject({ error: { message: expect.stringMatching(message) } });
    expect(peakBytes).toBeLessThan(MOST_BYTES);
  });
});
