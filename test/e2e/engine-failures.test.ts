import { writeFileSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { EcrpError } from '../../src/errors.ts';
import { makeInterruption, patience, runCli } from '../support/cli.ts';
import { sendJson, startFakeEngine } from '../support/fake-engine.ts';
import { listArchiveItems } from '../support/image-writers.ts';
import { makeImage, packTar } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

// An engine that is missing, fails or lies: each ends in a sentence.

const { home, emulator } = await startWorkplace();
const engine = await startFakeEngine({ directory: home.directory });
const image = await makeImage({ seed: 21, layers: [{ size: 6 * 1024 * 1024 }] });
const archive = await packTar(listArchiveItems([image], 'hybrid'));
beforeEach(() => {
  engine.images.splice(0, engine.images.length, {
    id: `sha256:${'a'.repeat(64)}`,
    names: ['app:1.0'],
    archive,
  });
  engine.answers.clear();
});

function push(source = 'docker:app:1.0', env: Record<string, string> = {}, signal?: AbortSignal) {
  return runCli(['push', source, 'app:1.0', '--create-repo', '--json'], {
    env: { ...home.env, ...emulator.env, DOCKER_HOST: engine.host, TMPDIR: home.directory, ...env },
    ...(signal && { signal }),
  });
}

async function expectFailure(
  { code, status, message, hint }: { code: string; status: number; message: string | RegExp; hint: string },
  source?: string,
  env?: Record<string, string>,
): Promise<void> {
  const result = await push(source, env);
  expect(result.json(), result.stderr).toMatchObject({
    error: {
      code,
      message:
        typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
      hint: expect.stringContaining(hint),
    },
    exitStatus: status,
  });
}

describe('no such image', () => {
  it.each([
    ['app:2.0', 'Choose one that it has: docker:app:1.0'],
    ['team/app', 'Choose one that it has: docker:app:1.0'],
    ['shop:1.0', 'Build it, or fetch it first: docker pull shop:1.0'],
    ['abcdef012345', 'docker pull abcdef012345'],
  ])('%s', async (name, hint) => {
    await expectFailure(
      { code: 'INVALID_INPUT', status: 3, message: `docker:${name}: no such image`, hint },
      `docker:${name}`,
    );
  });

  it('names podman to a user of podman', async () => {
    engine.answers.set('/_ping', (_, response) => {
      response.writeHead(200, { 'api-version': '1.41', 'libpod-api-version': '4.3.1' }).end('OK');
    });
    await expectFailure(
      { code: 'INVALID_INPUT', status: 3, message: 'no such image', hint: 'podman pull shop' },
      'docker:shop',
    );
  });

  it('goes without a list of names if the engine has none to give', async () => {
    engine.answers.set('/images/json', (_, response) => {
      sendJson(response, 500, { message: 'disk on fire' });
    });
    await expectFailure(
      { code: 'INVALID_INPUT', status: 3, message: 'no such image', hint: 'docker pull app:2' },
      'docker:app:2',
    );
  });
});

describe('no engine', () => {
  it('says which address was tried, and what named it', async () => {
    const missing = join(home.directory, 'missing.sock');
    const unreachable = { code: 'INVALID_INPUT', status: 3, hint: 'Check DOCKER_HOST' };
    const message = `the engine at unix://${missing} (DOCKER_HOST) cannot be used: there is no such socket`;
    await expectFailure({ ...unreachable, message }, undefined, { DOCKER_HOST: `unix://${missing}` });
    // Port 9 has no service here.
    const env = { DOCKER_HOST: 'tcp://127.0.0.1:9' };
    await expectFailure(
      { ...unreachable, message: 'tcp://127.0.0.1:9 (DOCKER_HOST) cannot be used: nothing listens' },
      undefined,
      env,
    );
    const file = join(home.directory, 'file.sock');
    writeFileSync(file, '');
    await expectFailure({ ...unreachable, message: 'nothing listens there' }, undefined, {
      DOCKER_HOST: `unix://${file}`,
    });
  });

  it('an address that is none', async () => {
    const env = { DOCKER_HOST: 'https://x' };
    await expectFailure(
      { code: 'USAGE', status: 2, message: 'DOCKER_HOST: "https://x"', hint: 'unix:///PATH' },
      undefined,
      env,
    );
  });

  it('ssh that is not installed, and ssh that fails', async () => {
    const env = { DOCKER_HOST: 'ssh://build.example', PATH: home.directory };
    const failed = { code: 'INVALID_INPUT', status: 3, hint: 'ssh HOST docker version' };
    await expectFailure({ ...failed, message: 'ssh cannot be started' }, undefined, env);
    writeFileSync(
      join(home.directory, 'ssh'),
      '#!/bin/sh\necho Warning: new >&2\necho ssh: no route >&2\nexit 255\n',
      { mode: 0o755 },
    );
    await expectFailure({ ...failed, message: 'cannot be used: ssh: no route' }, undefined, env);
    writeFileSync(join(home.directory, 'ssh'), '#!/bin/sh\nexit 7\n', { mode: 0o755 });
    await expectFailure({ ...failed, message: 'ssh ended with status 7' }, undefined, env);
  });
});

describe('a service that is no engine', () => {
  it.each<[string, RequestListener, string]>([
    [
      'a redirect',
      (_, response) => response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end(),
      'HTTP 307',
    ],
    ['a page', (_, response) => response.writeHead(404).end('<html>'), 'HTTP 404, <html>'],
    [
      'a TLS port',
      (_, response) => response.writeHead(400).end('sent an HTTP request to an HTTPS server'),
      'HTTP 400',
    ],
    ['a closed connection', (request) => request.socket.destroy(), 'closed the connection'],
    ['no HTTP', (request) => request.socket.end('SSH-2.0-OpenSSH_9.2\r\n'), 'cannot be used'],
    [
      'an endless head',
      (request) => request.socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`),
      'cannot be used',
    ],
    ['an endless greeting', (_, response) => pour(response), 'cannot be used'],
  ])('%s', async (_, answer, message) => {
    engine.answers.set('', answer);
    const result = await push();
    expect(result.json(), result.stderr).toMatchObject({
      error: { code: 'INVALID_INPUT', message: expect.stringContaining(message), hint: expect.any(String) },
      exitStatus: 3,
    });
  });
});

describe('an engine that lies or fails', () => {
  it.each<[string, string, RequestListener, string, number, RegExp]>([
    [
      'no JSON',
      '/images/app',
      (_, response) => response.end('OK'),
      'INVALID_INPUT',
      3,
      /unusable answer to \/images\/app:1.0\/json: it is not JSON/,
    ],
    [
      'no image',
      '/images/app',
      (_, response) => sendJson(response, 200, []),
      'INVALID_INPUT',
      3,
      /it has no ID/,
    ],
    [
      'deep JSON',
      '/images/app',
      (_, response) => response.end('['.repeat(5000)),
      'INVALID_INPUT',
      3,
      /nested deeper/,
    ],
    [
      'endless JSON',
      '/images/app',
      (_, response) => pour(response),
      'INVALID_INPUT',
      3,
      /longer than 16 MiB/,
    ],
    [
      'an error',
      '/images/app',
      (_, response) => sendJson(response, 500, { message: 'no \u001b[2J disk' }),
      'INVALID_INPUT',
      3,
      /refuses it: no \\?.*disk/,
    ],
    [
      'an error without words',
      '/images/get',
      (_, response) => response.writeHead(503).end(),
      'INVALID_INPUT',
      3,
      /it answered HTTP 503/,
    ],
    [
      'a redirect',
      '/images/get',
      (_, response) => response.writeHead(302, { location: '/x' }).end(),
      'INVALID_INPUT',
      3,
      /HTTP 302/,
    ],
    [
      'an end before the answer',
      '/images/get',
      (request) => request.socket.destroy(),
      'UNAVAILABLE',
      8,
      /broke off/,
    ],
    [
      'no archive',
      '/images/get',
      (_, response) => response.end('hello'),
      'INVALID_INPUT',
      3,
      /docker:app:1.0: not a tar/,
    ],
    [
      'nothing',
      '/images/get',
      (_, response) => response.end(),
      'INVALID_INPUT',
      3,
      /docker:app:1.0: it is empty/,
    ],
    [
      'half an archive',
      '/images/get',
      (_, response) => response.end(archive.subarray(0, 3_000_000)),
      'INVALID_INPUT',
      3,
      /docker:app:1.0: /,
    ],
  ])('%s', async (_, path, answer, code, exitStatus, message) => {
    engine.answers.set(path, answer);
    const result = await push();
    expect(result.json(), result.stderr).toMatchObject({
      error: { code, message: expect.stringMatching(message), hint: expect.any(String) },
      exitStatus,
    });
    expect(result.stderr + result.stdout).not.toContain('\u001b');
  });

  it('that dies in the midst of the archive', async () => {
    engine.answers.set('/images/get', (_, response) => {
      response.writeHead(200, { 'content-length': archive.length });
      response.write(archive.subarray(0, 3_000_000), () => response.destroy());
    });
    await expectFailure({
      code: 'UNAVAILABLE',
      status: 8,
      message: 'broke off',
      hint: 'run the command again',
    });
    // The next push succeeds.
    engine.answers.clear();
    expect((await push()).status).toBe(0);
  });

  it('that has ended the connection since the last question', async () => {
    let asked = 0;
    engine.answers.set('/images/get', (request, response) => {
      asked += 1;
      if (asked === 1) request.socket.destroy();
      else response.end(archive);
    });
    const { status, stderr } = await push();
    expect(status, stderr).toBe(0);
    expect(asked).toBe(2);
  });

  it.each([0, 3_000_000])('whose words stand where the archive breaks off, after %i bytes', async (bytes) => {
    const words = 'write /tmp/docker-export: no space left on device';
    engine.answers.set('/images/get', (_, response) => {
      response.writeHead(200);
      response.write(archive.subarray(0, bytes));
      response.end(`${JSON.stringify({ errorDetail: { message: words }, error: words })}\r\n`);
    });
    const message = `docker:app:1.0: the engine could not write out the image: ${words}`;
    await expectFailure({ code: 'INVALID_INPUT', status: 3, message, hint: 'Free space' });
  });
});

describe('an interruption ends the push at once', () => {
  it.each(['/_ping', '/images/app', '/images/get'])('while the engine is silent at %s', async (path) => {
    const interruption = makeInterruption(
      new EcrpError('INTERRUPTED', 'interrupted by SIGINT', { signal: 'SIGINT', hint: 'Run it again.' }),
    );
    let asked = 0;
    engine.answers.set(path, () => {
      asked += 1;
    });
    const before = engine.cutOff;
    const pushed = push(undefined, {}, interruption.signal);
    await expect.poll(() => asked, patience).toBe(1);
    interruption.interrupt();
    expect((await pushed).status).toBe(130);
    await expect.poll(() => engine.cutOff, patience).toBe(before + 1);
  });

  it('in the midst of the archive', async () => {
    const interruption = makeInterruption(
      new EcrpError('INTERRUPTED', 'interrupted by SIGINT', { signal: 'SIGINT', hint: 'Run it again.' }),
    );
    let written = false;
    engine.answers.set('/images/get', (_, response) => {
      response.writeHead(200);
      response.write(archive.subarray(0, 2_000_000), () => {
        written = true;
      });
    });
    const before = engine.cutOff;
    const pushed = push(undefined, {}, interruption.signal);
    await expect.poll(() => written, patience).toBe(true);
    interruption.interrupt();
    expect((await pushed).status).toBe(130);
    await expect.poll(() => engine.cutOff, patience).toBe(before + 1);
  });
});

/** Writes until the reader goes away. */
function pour(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, ' ');
  const more = async (): Promise<void> => {
    while (!response.destroyed) {
      response.write(chunk);
      await nextTurn();
    }
  };
  void more();
}
