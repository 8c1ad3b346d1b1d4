import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EcrpError } from '../../src/errors.ts';
import { type CliResult, makeInterruption, patience, runCli } from '../support/cli.ts';
import { startTestEmulator } from '../support/emulator.ts';
import { startWorkplace } from '../support/workplace.ts';
import { eventMembers, expectEvent } from './commands/schemas.ts';

const archives = join(import.meta.dirname, '..', '..', 'fixtures', 'archives');
const one = join(archives, 'docker-20.10-one.tar');
const multi = join(archives, 'skopeo-multi-oci.tar');
const digestPattern = /^sha256:[0-9a-f]{64}$/;

const { home, emulator } = await startWorkplace();

function ecrp(...argv: string[]): Promise<CliResult> {
  return runCli(argv, { env: { ...home.env, ...emulator.env }, cwd: home.directory });
}

/** The operations that `run` asked the emulator for, counted. */
async function countOperations(run: () => Promise<CliResult>) {
  const before = emulator.requests.length;
  const result = await run();
  const operations: Record<string, number> = {};
  for (const { operation } of emulator.requests.slice(before)) {
    if (operation !== undefined) operations[operation] = (operations[operation] ?? 0) + 1;
  }
  return { result, operations };
}

/** A repository of its own for a test; the CLI then knows the registry's alias. */
async function createRepo(name: string): Promise<string> {
  expect(await ecrp('repo', 'create', name, '-q')).toMatchObject({ status: 0 });
  return `${emulator.registryHost}/${emulator.registryAlias}/${name}`;
}

describe('a push', () => {
  it('prints one line on stdout, and costs the calls of the formula', async () => {
    const uri = await createRepo('formula/first');
    const { result, operations } = await countOperations(() => ecrp('push', one, 'formula/first:1.0'));
    expect(result.status).toBe(0);
    expect(result.stdout).toMatch(/^\S+@sha256:[0-9a-f]{64}\n$/);
    expect(result.stdout.startsWith(`${uri}:1.0@`)).toBe(true);
    expect(result.stderr).toMatch(/Pushed in .*: 5 blobs \(5\.7 kB\) uploaded\./);
    // Five blobs of one part each, and the manifest with its one tag.
    expect(operations).toEqual({
      BatchCheckLayerAvailability: 1,
      InitiateLayerUpload: 5,
      UploadLayerPart: 5,
      CompleteLayerUpload: 5,
      PutImage: 1,
    });
  });

  it('of an unchanged image costs ⌈blobs/100⌉ + manifests + tags − 1 calls and sends nothing', async () => {
    await createRepo('formula/again');
    const argv = ['push', multi, 'formula/again:1.0', '-t', '1', '-t', 'latest'];
    await ecrp(...argv);
    const { result, operations } = await countOperations(() => ecrp(...argv));
    expect(result.stderr).toContain('Unchanged: everything was there already');
    // An index of two images, three tags.
    expect(operations).toEqual({ BatchCheckLayerAvailability: 1, PutImage: 3 + 3 - 1 });
  });

  it('describes itself in one JSON document', async () => {
    const uri = await createRepo('document');
    const first = await ecrp('push', one, 'document:1.0', '-t', 'latest', '--json', '-q');
    expect(first).toMatchObject({ status: 0, stderr: '' });
    const { apiCalls, durationMs, imageDigest, ...document } = first.json();
    expect(imageDigest).toMatch(digestPattern);
    expect(apiCalls).toBe(1 + 5 * 3 + 1 + 2 - 1);
    expect(durationMs).toBeGreaterThan(0);
    expect(document).toEqual({
      schemaVersion: 1,
      reference: `${uri}:1.0`,
      registryId: emulator.registryId,
      repositoryName: 'document',
      imageManifestMediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      tags: [
        { imageTag: '1.0', status: 'created' },
        { imageTag: 'latest', status: 'created' },
      ],
      manifests: [
        {
          imageDigest,
          imageManifestMediaType: 'application/vnd.docker.distribution.manifest.v2+json',
          status: 'put',
        },
      ],
      layers: { total: 5, uploaded: 5, existing: 0, skipped: 0 },
      bytes: { total: 5700, uploaded: 5700, existing: 0, resumed: 0 },
      transport: 'api',
      retries: 0,
    });
    const second = await ecrp('push', one, 'document:1.0', '-t', 'new', '--json');
    expect(second.json()).toMatchObject({
      imageDigest,
      registryId: emulator.registryId,
      tags: [
        { imageTag: '1.0', status: 'unchanged' },
        { imageTag: 'new', status: 'created' },
      ],
      manifests: [{ imageDigest, status: 'unchanged' }],
      layers: { total: 5, uploaded: 0, existing: 5, skipped: 0 },
      bytes: { total: 5700, uploaded: 0, existing: 5700, resumed: 0 },
    });
    const third = await ecrp('push', multi, 'document:latest', '--json');
    expect(third.json()).toMatchObject({
      tags: [{ imageTag: 'latest', status: 'moved' }],
      manifests: [
        { platform: { os: 'linux', architecture: 'amd64' } },
        { platform: { os: 'linux', architecture: 'arm64' } },
        { imageDigest: third.json().imageDigest },
      ],
    });
  });

  it('puts the moving tag last and names the tag of the reference', async () => {
    const uri = await createRepo('order');
    const { stdout } = await ecrp('push', one, 'order', '-t', '1.2', '-t', '1.2.3', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      reference: `${uri}:latest`,
      tags: [{ imageTag: '1.2.3' }, { imageTag: '1.2' }, { imageTag: 'latest' }],
    });
  });

  it('takes the alias of the reference, and asks nobody for it', async () => {
    await createRepo('with/alias');
    const reference = `${emulator.registryHost}/${emulator.registryAlias}/with/alias:1`;
    const fresh = { ...home.env, ...emulator.env, ECRP_CACHE_DIR: join(home.directory, 'no-cache') };
    const { result, operations } = await countOperations(() =>
      runCli(['push', one, reference], { env: fresh }),
    );
    expect(result.stdout.startsWith(`${reference}@sha256:`)).toBe(true);
    expect(operations).not.toHaveProperty('DescribeRegistries');
  });

  it('asks once for an alias that is unknown, and remembers it', async () => {
    const uri = await createRepo('alias');
    const env = { ...home.env, ...emulator.env, ECRP_CACHE_DIR: join(home.directory, 'cold-cache') };
    for (const asked of [1, 0]) {
      const { result, operations } = await countOperations(() => runCli(['push', one, 'alias:1'], { env }));
      expect(result.stdout.startsWith(`${uri}:1@`)).toBe(true);
      expect(operations.DescribeRegistries ?? 0).toBe(asked);
    }
  });

  it('takes names in the archive that point at the registry host', async () => {
    const named = join(archives, 'docker-20.10-registry-names.tar');
    const argv = ['push', named, '--registry-host', 'public.ecr.aws', '--dry-run'];
    const { stderr, status } = await ecrp(...argv);
    expect({ status, stderr }).toMatchObject({ status: 5, stderr: expect.stringContaining("'a1b2c3d4'") });
  });

  it('creates the repository when it is asked to', async () => {
    const { result, operations } = await countOperations(() =>
      ecrp('push', one, 'made/here:1', '--create-repo', '--json'),
    );
    expect(result).toMatchObject({ status: 0 });
    expect(result.stderr).toContain('Created repository made/here.');
    expect(result.json()).toMatchObject({ tags: [{ imageTag: '1', status: 'created' }] });
    expect(operations).toMatchObject({ CreateRepository: 1, BatchCheckLayerAvailability: 1 });
  });

  it('sends nothing in a dry run', async () => {
    const argv = ['push', one, 'dry:1', '--create-repo', '--dry-run', '--json'];
    const { result, operations } = await countOperations(() => ecrp(...argv));
    expect(result.json()).toMatchObject({
      dryRun: true,
      imageDigest: expect.stringMatching(digestPattern),
      layers: { total: 5, uploaded: 5 },
    });
    expect(result.stderr).toContain(
      'Dry run, nothing was sent: the repository dry would be created, 5 blobs (5.7 kB) to upload.',
    );
    expect(operations).toEqual({ BatchCheckLayerAvailability: 1 });
  });

  it('writes the digest alone into the file, and only after success', async () => {
    await createRepo('digest-file');
    const file = join(home.directory, 'digest.txt');
    const missing = await ecrp('push', one, 'nowhere:1', '--digest-file', file);
    expect(missing.status).toBe(5);
    await expect(readFile(file)).rejects.toThrow('ENOENT');
    const { stdout } = await ecrp('push', one, 'digest-file:1', '--digest-file', 'digest.txt');
    expect(stdout.trim().endsWith(`@${await readFile(file, 'utf8')}`)).toBe(true);
  });
});

describe('progress', () => {
  it('is NDJSON on stderr when asked, retries and details included', async () => {
    await createRepo('ndjson');
    const { stderr } = await ecrp('push', one, 'ndjson:1', '--progress', 'json', '-v');
    const events = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const kinds = events.map(({ event }) => event);
    expect(kinds).toContain('phase');
    expect(kinds.filter((kind) => kind === 'blob-finished')).toHaveLength(5);
    expect(kinds.filter((kind) => kind === 'manifest-put')).toHaveLength(1);
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'call',
        operation: 'PutImage',
        attempts: 1,
        requestId: expect.any(String),
      }),
    );
  });

  it('is made of the events that bin/schemas describes', async () => {
    const flaky = await startTestEmulator({ faults: ['UploadLayerPart throttle on=1'] });
    const seen = new Set<string>();
    try {
      // That another region is not taken is a detail.
      const env = { ...home.env, ...flaky.env, AWS_REGION: 'eu-west-1' };
      const many = join(archives, 'docker-20.10-two-images.tar');
      for (const argv of [
        [one, 'events:1', '--create-repo', '--verify'],
        [one, 'events:2', '--dry-run'],
        [many, 'events', '--all'],
        [one, 'missing:1'],
      ]) {
        const { stderr } = await runCli(['push', ...argv, '--progress', 'json', '-v'], { env });
        for (const line of stderr.trimEnd().split('\n')) {
          expectEvent(line);
          seen.add(JSON.parse(line).event);
        }
      }
    } finally {
      await flaky.close();
    }
    // Those that need an upload to be interrupted, a large blob, a slow machine or a read-only place need not be among them.
    const rare = ['blob-resumed', 'blob-restarted', 'verify-progress', 'waiting', 'warning'];
    expect([...new Set([...seen, ...rare])].sort()).toEqual([...eventMembers.keys()].sort());
  });

  it('has lines for a log without a terminal', async () => {
    await createRepo('log');
    const { stderr } = await ecrp('push', one, 'log:1', '--verify');
    const lines = stderr.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^log:1: 5 blobs to upload, [\d.]+ [kM]?B in the source$/);
    expect(lines.filter((line) => /^log:1: (layer|config) \w{12} uploaded, /.test(line))).toHaveLength(5);
    expect(lines.at(-3)).toMatch(/^log:1: verifying 5 blobs, [\d.]+ [kM]?B$/);
    expect(lines.at(-2)).toMatch(/^Pushed and verified in /);
    expect(lines.at(-1)).toMatch(/^Gallery: /);
    expect(stderr).not.toContain('\u001b');
  });

  it('has a line per API call with --verbose: operation, ms, attempts, request id', async () => {
    await createRepo('verbose');
    const { stderr } = await ecrp('push', one, 'verbose:1', '-v');
    const lines = stderr.split('\n').filter((line) => /^PutImage: /.test(line));
    expect(lines).toEqual([expect.stringMatching(/^PutImage: \d+ ms, 1 attempt, request [0-9a-f-]{36}$/)]);
  });

  it('is silent with --quiet and with --progress none', async () => {
    await createRepo('quiet');
    expect(await ecrp('push', one, 'quiet:1', '-q')).toMatchObject({ status: 0, stderr: '' });
    const { stderr } = await ecrp('push', one, 'quiet:1', '--progress', 'none');
    expect(stderr).toMatch(/^Unchanged.*\nGallery: .*\n$/);
  });

  it('has lines for a log on a terminal that says it has no columns', async () => {
    await createRepo('columnless');
    const { status, stderr } = await runCli(['push', one, 'columnless:1', '--no-color'], {
      env: { ...home.env, ...emulator.env },
      terminalColumns: 0,
    });
    expect(status).toBe(0);
    expect(stderr).toMatch(/^columnless:1: 5 blobs to upload/);
    expect(stderr).not.toContain('\u001b');
  });

  it('leaves nothing behind on a terminal', async () => {
    await createRepo('terminal');
    const { stderr } = await runCli(['push', one, 'terminal:1', '--no-color'], {
      env: { ...home.env, ...emulator.env },
      terminalColumns: 40,
    });
    const last = stderr.slice(stderr.lastIndexOf('\u001b[2K') + 4);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is sent are control characters
    expect(last.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '')).toMatch(/^Pushed in .*\nGallery: .*\n$/);
    expect(stderr).toContain('\u001b[?25h');
  });
});

describe('an interruption', () => {
  it('ends a push with status 130 and one sentence, and the next run completes it', async () => {
    const slow = await startTestEmulator({ faults: ['UploadLayerPart delay 60000 on=1'] });
    try {
      const env = { ...home.env, ...slow.env };
      expect(await runCli(['repo', 'create', 'slow'], { env })).toMatchObject({ status: 0 });
      const { signal, interrupt } = makeInterruption(
        new EcrpError('INTERRUPTED', 'interrupted by SIGINT', { signal: 'SIGINT' }),
      );
      const running = runCli(['push', one, 'slow:1'], { env, signal });
      // One of the five never ends.
      await expect.poll(() => slow.count('CompleteLayerUpload'), patience).toBe(4);
      interrupt();
      const result = await running;
      expect(result).toMatchObject({ status: 130, stdout: '' });
      expect(result.stderr).toMatch(/error: interrupted by SIGINT\n$/);
      expect(slow.count('PutImage')).toBe(0);

      const again = await runCli(['push', one, 'slow:1', '--json'], { env });
      expect(again.json()).toMatchObject({ layers: { total: 5, uploaded: 1, existing: 4 } });
    } finally {
      await slow.close();
    }
  });
});
