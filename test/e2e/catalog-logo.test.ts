import { access, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { startAnsweringServer } from '../support/answering-server.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { makePng } from '../support/png.ts';

const png = makePng(60, 60);

/** What the service has, and its answers to the requests for the logo and to calls. */
let catalog: Record<string, unknown> = {};
let serveLogo: (response: ServerResponse, path: string) => void = () => undefined;
let answerCall: (operation: string, input: { catalogData?: Record<string, unknown> }) => object | undefined;
/** Headers of the requests for a logo, and the data that was put. */
let fetches: IncomingMessage[] = [];
let puts: unknown[] = [];

const { home, host, env } = await startAnsweringServer(async (request, response) => {
  if (request.method === 'GET') {
    fetches.push(request);
    serveLogo(response, request.url ?? '');
    return;
  }
  let body = '';
  for await (const chunk of request) body += chunk;
  const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
  const answer = answerCall(operation, JSON.parse(body));
  response.writeHead(answer === undefined ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(
    JSON.stringify(answer ?? { __type: 'RepositoryCatalogDataNotFoundException', message: 'none' }),
  );
});

beforeEach(() => {
  fetches = [];
  puts = [];
  catalog = { description: 'Before', logoUrl: `http://${host}/logo/1.png` };
  serveLogo = (response) => response.end(png);
  answerCall = (operation, { catalogData }) => {
    if (operation === 'DescribeRegistries') return { registries: [] };
    if (operation === 'PutRepositoryCatalogData') {
      puts.push(catalogData);
      return { catalogData: { ...catalog, ...catalogData, logoImageBlob: undefined } };
    }
    return { catalogData: catalog };
  };
});

function ecrp(...argv: string[]): Promise<CliResult> {
  return runCli([...argv, '--json'], { env, cwd: home.directory });
}

const change = ['catalog', 'set', 'app', '--description', 'After'];

describe('a logo that stays', () => {
  it('is fetched without credentials and sent again, with everything else', async () => {
    catalog = { ...catalog, aboutText: 'a', architectures: ['ARM'] };
    expect(await ecrp(...change)).toMatchObject({ status: 0 });
    expect(puts).toEqual([
      { description: 'After', aboutText: 'a', architectures: ['ARM'], logoImageBlob: png.toString('base64') },
    ]);
    expect(fetches.map(({ url }) => url)).toEqual(['/logo/1.png']);
    expect(fetches[0]?.headers).toEqual({
      ...{ host, 'user-agent': expect.any(String), 'accept-encoding': 'identity' },
      connection: expect.any(String),
    });
  });

  it('is fetched through redirects', async () => {
    serveLogo = (response, path) => {
      if (path === '/logo/2.png') response.end(png);
      else response.writeHead(302, { location: '/logo/2.png' }).end();
    };
    expect(await ecrp(...change)).toMatchObject({ status: 0 });
    expect(puts).toHaveLength(1);
  });

  it.each([
    ['is gone', (response: ServerResponse) => response.writeHead(404).end(), 'its host returned HTTP 404'],
    [
      'is forbidden',
      (response: ServerResponse) => response.writeHead(403).end(),
      'its host returned HTTP 403',
    ],
    ['is too long', (response: ServerResponse) => response.end(Buffer.alloc(6_000_000)), 'longer than 5 MiB'],
    ['is a page', (response: ServerResponse) => response.end('<html>'), 'is not a PNG but something else'],
    [
      'is cut short',
      (response: ServerResponse) => response.end(png.subarray(0, 60)),
      'is a PNG that is cut short',
    ],
    [
      'is elsewhere, unencrypted',
      (response: ServerResponse) => response.writeHead(302, { location: 'http://example.test/x.png' }).end(),
      'http://example.test is not an address that',
    ],
    [
      'is at the metadata service',
      (response: ServerResponse) => response.writeHead(302, { location: 'https://169.254.169.254/x' }).end(),
      'https://169.254.169.254 is not an address that',
    ],
    [
      'is a file of this machine',
      (response: ServerResponse) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      'is not an address that',
    ],
  ])('stops the change if it %s, unless a logo is given', async (_, serve, message) => {
    serveLogo = serve;
    const stopped = await ecrp(...change);
    expect(stopped.json()).toMatchObject({
      error: {
        code: 'UNAVAILABLE',
        message: expect.stringContaining(message),
        hint: expect.stringContaining("'ecrp catalog set app --logo FILE'"),
      },
      exitStatus: 8,
    });
    expect(puts).toEqual([]);
    await writeFile(join(home.directory, 'new.png'), png);
    expect(await ecrp(...change, '--logo', 'new.png')).toMatchObject({ status: 0 });
    expect(puts).toHaveLength(1);
    const cleared = await ecrp(...change, '--clear', 'logo');
    expect(cleared.json()).toMatchObject({ warnings: [] });
    expect(puts[1]).toEqual({ description: 'After', logoImageBlob: '' });
  });

  it('stops an export before anything is written', async () => {
    serveLogo = (response) => response.writeHead(404).end();
    const saved = await ecrp('catalog', 'get', 'app', '--output', 'saved');
    expect(saved.json()).toMatchObject({ error: { hint: expect.stringContaining('without --output') } });
    await expect(access(join(home.directory, 'saved'))).rejects.toThrow('ENOENT');
  });

  it('is not fetched where nothing changes, or for its address alone', async () => {
    await ecrp('catalog', 'set', 'app', '--description', 'Before');
    expect((await ecrp('catalog', 'get', 'app')).json().catalogData).toEqual(catalog);
    expect(fetches).toEqual([]);
  });

  it('is saved as it was served', async () => {
    await ecrp('catalog', 'get', 'app', '--output', 'whole');
    expect(await readFile(join(home.directory, 'whole', 'logo.png'))).toEqual(png);
  });
});

describe('a service that', () => {
  it('calls missing catalog data not found', async () => {
    const known = answerCall;
    answerCall = (operation, input) => (operation.startsWith('Get') ? undefined : known(operation, input));
    const missing = await ecrp('catalog', 'get', 'app');
    expect(missing.json()).toMatchObject({
      error: { code: 'NOT_FOUND', hint: "Set catalog data: 'ecrp catalog set app --catalog FILE'." },
      exitStatus: 5,
    });
    expect((await ecrp(...change)).json()).toMatchObject({
      changes: [{ field: 'description', change: 'added' }],
    });
    expect(puts).toEqual([{ description: 'After' }]);
  });

  it('answers with other data than was put is reported', async () => {
    const known = answerCall;
    answerCall = (operation, input) => {
      const answer = known(operation, input);
      return operation.startsWith('Put') ? { catalogData: { description: 'Before' } } : answer;
    };
    const { stderr } = await ecrp(...change);
    expect(stderr).toContain('warning: the service has another description than was sent');
  });
});
