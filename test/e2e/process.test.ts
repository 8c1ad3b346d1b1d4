import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeHome, patience, spawnCli } from '../support/cli.ts';
import { startTestEmulator, type TestEmulator } from '../support/emulator.ts';

// The built programs, as processes of their own.

const root = join(import.meta.dirname, '..', '..');
const one = join(root, 'fixtures', 'archives', 'docker-20.10-one.tar');

let home: Awaited<ReturnType<typeof makeHome>>;
beforeAll(async () => {
  home = await makeHome();
});
afterAll(() => home.remove());

/** Resolves to what was written to a stream up to a line's end. */
async function readLine(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text;
}

describe('ecrp', () => {
  it('prints its version, whatever the environment', async () => {
    const { status, stdout, stderr } = await spawnCli(['--version']).ended;
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.runIf(process.platform === 'linux')('says so when its directory is gone', async () => {
    const gone = await mkdtemp(join(home.directory, 'gone-'));
    const script = `rmdir "${gone}" && exec "${process.execPath}" "${join(root, 'bin', 'ecrp.js')}" version`;
    const child = spawn('sh', ['-c', script], { cwd: gone, env: home.env });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    expect(await once(child, 'close')).toEqual([3, null]);
    expect(stderr).toMatch(/^error: the current directory no longer exists\nhint: /);
  });

  it('needs no reader of its output', async () => {
    const { child, ended } = spawnCli(['push', '--help']);
    child.stdout?.destroy();
    child.stderr?.destroy();
    expect(await ended).toMatchObject({ status: 0 });
  });

  it.runIf(existsSync('/dev/full'))('says when its output cannot be written', async () => {
    const ecrp = join(root, 'bin', 'ecrp.js');
    const full =
      'error: standard output cannot be written: the disk is full (ENOSPC)\n' +
      'hint: Free space on the disk of standard output, then run the command again.\n';
    for (const { argv, says } of [
      { argv: ['--version'], says: full },
      // An error that cannot be in a document is printed as text.
      {
        argv: ['repo', 'create', '--json'],
        says: expect.stringMatching(/^error: the repository has no name/),
      },
    ]) {
      const child = spawn(process.execPath, [ecrp, ...argv], {
        env: { PATH: process.env.PATH, ...home.env },
        stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
      });
      let stderr = '';
      child.stderr?.on('data', (chunk) => {
        stderr += String(chunk);
      });
      const [status] = await once(child, 'close');
      expect(status).not.toBe(0);
      expect(stderr).toEqual(says);
    }
  });

  describe('interrupted in a push', () => {
    let emulator: TestEmulator;
    beforeAll(async () => {
      emulator = await startTestEmulator({ faults: ['UploadLayerPart delay 60000'] });
    });
    afterAll(() => emulator.close());

    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const)('by %s ends with status %d and one JSON document', async (signal, exitStatus) => {
      const name = signal.toLowerCase();
      const env = { ...home.env, ...emulator.env };
      const before = emulator.count('InitiateLayerUpload');
      const { child, ended } = spawnCli(['push', one, `${name}:1`, '--create-repo', '--json'], { env });
      await expect.poll(() => emulator.count('InitiateLayerUpload') - before, patience).toBeGreaterThan(3);
      child.kill(signal);
      const result = await ended;
      expect(result.status).toBe(exitStatus);
      expect(result.json()).toEqual({
        schemaVersion: 1,
        error: {
          code: 'INTERRUPTED',
          message: `interrupted by ${signal}`,
          hint: 'Run the command again; a push, copy or pull resumes where it stopped.',
        },
        exitStatus,
      });
    });
  });
});

describe('docker-credential-ecrp', () => {
  it('gets a login for the registry, by the environment alone', async () => {
    const emulator = await startTestEmulator();
    try {
      const { status, stdout } = await spawnCli(['get'], {
        program: 'docker-credential-ecrp.js',
        env: { ...home.env, ...emulator.env },
        stdin: `${emulator.registryHost}\n`,
      }).ended;
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        ServerURL: emulator.registryHost,
        Username: 'AWS',
        Secret: expect.any(String),
      });
    } finally {
      await emulator.close();
    }
  });
});

describe('ecrp emulator', () => {
  it('prints the environment to use, and serves it until it is interrupted', async () => {
    const { child, ended } = spawnCli(['emulator', '--port', '0'], { env: home.env });
    await readLine(child.stderr);
    child.kill('SIGINT');
    const { status, stdout } = await ended;
    expect(status).toBe(130);
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^export AWS_ENDPOINT_URL_ECR_PUBLIC=http:\/\/127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^export AWS_ACCESS_KEY_ID=\w+$/),
      expect.stringMatching(/^export AWS_SECRET_ACCESS_KEY=\S+$/),
      'export AWS_REGION=us-east-1',
      expect.stringMatching(/^export ECRP_REGISTRY_HOST=127\.0\.0\.1:\d+$/),
      'export NO_PROXY=127.0.0.1',
    ]);
  });

  it('prints one line of JSON, and keeps what it has with --data and --log', async () => {
    const data = join(home.directory, 'data');
    const log = join(home.directory, 'requests.ndjson');
    const argv = ['emulator', '--port', '0', '--json', '--data', data, '--log', log];
    const shown: Record<string, string>[] = [];
    for (const command of [
      ['repo', 'create', 'kept'],
      ['repo', 'describe', 'kept'],
    ]) {
      const { child, ended } = spawnCli(argv, { env: home.env });
      await readLine(child.stderr);
      child.stdout?.resume();
      child.kill('SIGTERM');
      const { status, stdout } = await ended;
      expect(status).toBe(143);
      shown.push(JSON.parse(stdout));
      const beside = await spawnCli(
        [
          'emulator',
          '--port',
          '0',
          '--data',
          data,
          '--log',
          log,
          '--',
          process.execPath,
          join(root, 'bin', 'ecrp.js'),
          ...command,
        ],
        { env: home.env },
      ).ended;
      expect(beside).toMatchObject({ status: 0, stdout: expect.stringContaining('/kept\n') });
    }
    expect(Object.keys(shown[0] ?? {})).toEqual([
      'schemaVersion',
      'url',
      'registryHost',
      'registryId',
      'registryAlias',
      'accessKeyId',
      'secretAccessKey',
    ]);
    const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        time: expect.stringMatching(/Z$/),
        operation: 'CreateRepository',
        status: 200,
        bytes: expect.any(Number),
        userAgent: expect.stringContaining('ecrp/'),
        ms: expect.any(Number),
      },
      expect.objectContaining({ operation: 'DescribeRepositories', status: 200 }),
      expect.objectContaining({ operation: 'DescribeImages', status: 200 }),
    ]);
  });

  it.each([
    ['its status', 'process.exit(7)', 7],
    ['128 and its signal', 'process.kill(process.pid, "SIGKILL")', 137],
  ])('ends with %s, when it runs a command', async (_name, script, status) => {
    const command = [process.execPath, '-e', script];
    expect(
      await spawnCli(['emulator', '--port', '0', '--', ...command], { env: home.env }).ended,
    ).toMatchObject({
      status,
      stdout: '',
      stderr: '',
    });
  });

  it('gives the command its own environment, and nothing that would mislead it', async () => {
    const script = 'console.log(JSON.stringify(process.env))';
    const { stdout } = await spawnCli(
      ['emulator', '--port', '0', '--account', '210987654321', '--', process.execPath, '-e', script],
      {
        env: {
          ...home.env,
          AWS_PROFILE: 'mine',
          AWS_SESSION_TOKEN: 'x',
          AWS_REGION: 'eu-west-1',
          OTHER: 'y',
        },
      },
    ).ended;
    const environment = JSON.parse(stdout);
    expect(environment).toMatchObject({
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      OTHER: 'y',
    });
    expect(environment).not.toHaveProperty('AWS_PROFILE');
    expect(environment).not.toHaveProperty('AWS_SESSION_TOKEN');
    expect(environment.AWS_ENDPOINT_URL_ECR_PUBLIC).toBe(`http://${environment.ECRP_REGISTRY_HOST}`);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('passes %s on to the command and waits for it', async (signal) => {
    const script = `process.once(${JSON.stringify(signal)}, () => process.exit(9)); console.error('ready'); setInterval(() => {}, 1000)`;
    const { child, ended } = spawnCli(['emulator', '--port', '0', '--', process.execPath, '-e', script], {
      env: home.env,
    });
    await readLine(child.stderr);
    child.kill(signal);
    expect(await ended).toMatchObject({ status: 9 });
  });

  it.each([
    ['SIGHUP', 129],
    ['SIGTERM', 143],
  ] as const)('ends on %s with status %d, and leaves nothing behind', async (signal, status) => {
    const TMPDIR = await mkdtemp(join(home.directory, 'tmp-'));
    const { child, ended } = spawnCli(['emulator', '--port', '0'], { env: { ...home.env, TMPDIR } });
    await readLine(child.stderr);
    expect(await readdir(TMPDIR)).toHaveLength(1);
    child.kill(signal);
    expect(await ended).toMatchObject({ status });
    expect(await readdir(TMPDIR)).toEqual([]);
  });

  it('ends its command with SIGHUP, and leaves nothing behind', async () => {
    const TMPDIR = await mkdtemp(join(home.directory, 'tmp-'));
    const script = "console.error(process.pid + '\\n'); setInterval(() => {}, 1000)";
    const { child, ended } = spawnCli(['emulator', '--port', '0', '--', process.execPath, '-e', script], {
      env: { ...home.env, TMPDIR },
    });
    const pid = Number(await readLine(child.stderr));
    child.kill('SIGHUP');
    expect(await ended).toMatchObject({ status: 129 });
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(await readdir(TMPDIR)).toEqual([]);
  });

  it('kills its command and leaves nothing behind when it is interrupted twice', async () => {
    const TMPDIR = await mkdtemp(join(home.directory, 'tmp-'));
    const script =
      "process.on('SIGTERM', () => console.error('asked')); console.error('ready'); setInterval(() => {}, 1000)";
    const { child, ended } = spawnCli(['emulator', '--port', '0', '--', process.execPath, '-e', script], {
      env: { ...home.env, TMPDIR },
    });
    await once(child.stderr ?? child, 'data');
    child.kill('SIGTERM');
    await once(child.stderr ?? child, 'data');
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ status: 143 });
    expect(await readdir(TMPDIR)).toEqual([]);
  });

  it('removes what an emulator that was killed has left behind', async () => {
    const TMPDIR = await mkdtemp(join(home.directory, 'tmp-'));
    const env = { ...home.env, TMPDIR };
    const killed = spawnCli(['emulator', '--port', '0'], { env });
    await readLine(killed.child.stderr);
    killed.child.kill('SIGKILL');
    await killed.ended.catch(() => undefined);
    expect(await readdir(TMPDIR)).toHaveLength(1);
    const next = await spawnCli(['emulator', '--port', '0', '--', process.execPath, '-e', ''], { env }).ended;
    expect(next).toMatchObject({ status: 0 });
    expect(await readdir(TMPDIR)).toEqual([]);
  });

  it('says that a port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    try {
      const { status, stderr } = await spawnCli(['emulator', '--port', port], { env: home.env }).ended;
      expect(status).toBe(6);
      expect(stderr).toContain(`port ${port} on 127.0.0.1 is in use`);
    } finally {
      server.close();
    }
  });

  it.each([
    [['--fault', 'Nope delay 3'], 2, 'fault rule'],
    [['--alias', 'X'], 2, 'alias must be'],
    [['--account', '12'], 2, 'account must be'],
    [['--log', '/nonexistent/log'], 3, '/nonexistent/log'],
    [['--', 'no-such-command-here'], 2, 'no-such-command-here'],
  ])('refuses %j with status %d', async (argv, status, text) => {
    const result = await spawnCli(['emulator', '--port', '0', ...argv], { env: home.env }).ended;
    expect(result).toMatchObject({ status, stdout: '', stderr: expect.stringContaining(text) });
  });
});

it('an emulator that is ended gives its port free, and removes what it kept', async () => {
  const temporary = join(home.directory, 'emulator-tmp');
  await mkdir(temporary);
  // Node may keep things of its own there.
  const listKept = async () => (await readdir(temporary)).filter((name) => name.startsWith('ecrp'));
  const start = async (port: string) => {
    const { child, ended } = spawnCli(['emulator', '--port', port, '--json'], {
      env: { ...home.env, TMPDIR: temporary },
    });
    const { url } = JSON.parse(await readLine(child.stdout));
    return { url, child, ended };
  };
  const { url, child, ended } = await start('0');
  expect((await fetch(url)).status).toBe(404);
  expect(await listKept()).toHaveLength(1);
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ status: 143 });
  expect(await listKept()).toEqual([]);
  await expect(fetch(url)).rejects.toThrow();
  const next = await start(new URL(url).port);
  expect(next.url).toBe(url);
  next.child.kill('SIGTERM');
  expect(await next.ended).toMatchObject({ status: 143 });
});
