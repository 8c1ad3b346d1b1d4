import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readAliases } from '../../src/emulator/identity-file.ts';
import { callApi } from '../support/call-api.ts';
import { type CliResult, makeHome, runCli } from '../support/cli.ts';
import { setFaults, startTestEmulator } from '../support/emulator.ts';
import { type FilledImage, fillRepository } from '../support/fill-repository.ts';

const THEIRS = '210987654321';
const IMAGES = 300;
const FIRST_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

const home = await makeHome();
const dataDirectory = await mkdtemp(join(tmpdir(), 'ecrp-test-'));
function* yieldImages(): Generator<FilledImage> {
  for (let number = 0; number < IMAGES; number += 1) {
    yield { tag: `1.${number}`, pushedAtMs: FIRST_MS + number * MINUTE_MS };
  }
}
await fillRepository(dataDirectory, 'many', yieldImages());
// More than one page of a thousand.
await fillRepository(
  dataDirectory,
  'paged',
  Array.from({ length: 1100 }, (_, number) => ({ pushedAtMs: FIRST_MS + number })),
);
await fillRepository(join(dataDirectory, 'registries', THEIRS), 'theirs', yieldImages());
const principal = { allowedActions: ['*'], expiresAt: undefined, sessionToken: undefined };
const emulator = await startTestEmulator({
  dataDirectory,
  identities: [
    {
      ...principal,
      accessKeyId: 'AKIAMINE',
      secretAccessKey: 'mine',
      aliases: readAliases([{ name: 'mine' }], 'a'),
    },
    {
      ...{ ...principal, accessKeyId: 'AKIATHEIRS', secretAccessKey: 'theirs', registryId: THEIRS },
      aliases: readAliases([{ name: 'publisher' }], 'b'),
    },
  ],
});
afterAll(async () => {
  await emulator.close();
  await home.remove();
  await rm(dataDirectory, { recursive: true, force: true });
});

const env = { ...home.env, ...emulator.env };
const uri = `${emulator.registryHost}/mine/many`;

function ecrp(...argv: string[]): Promise<CliResult> {
  return runCli(argv, { env, cwd: home.directory });
}

interface Listed {
  readonly imageDetails: { readonly imageDigest: string; readonly imageTags?: string[] }[];
}

/** The document of `--json`, whose members each test compares. */
function readListed({ json }: CliResult): Listed {
  return json() as unknown as Listed;
}

describe('image list', () => {
  it('is a table with the newest image first, and its pull address last', async () => {
    const { status, stdout } = await ecrp('image', 'list', 'many');
    const lines = stdout.trimEnd().split('\n');
    expect(status).toBe(0);
    expect(lines[0]).toMatch(/^DIGEST +TAGS +SIZE +PUSHED \(UTC\) +TYPE +PULL ADDRESS$/);
    const rows = lines.slice(1).map((line) => line.split(/ {2,}/));
    expect(rows).toHaveLength(IMAGES);
    expect(rows[0]?.slice(1)).toEqual(['1.299', '101 B', '2026-01-01 04:59', 'oci image', `${uri}:1.299`]);
    const times = rows.map((row) => row[3] ?? '');
    expect(times).toEqual([...times].sort().reverse());
  });

  it('shows the digest in the pull address of an untagged image', async () => {
    const { stdout } = await ecrp('image', 'list', 'paged');
    const [, row = ''] = stdout.split('\n');
    const [digest = ''] = row.split(' ');
    expect(row.endsWith(` ${emulator.registryHost}/mine/paged@${digest}`)).toBe(true);
  });

  it('fits a terminal: what is too wide is below each row', async () => {
    const settings = { env, cwd: home.directory, stdoutColumns: 80 };
    const list = await runCli(['image', 'list', 'many'], settings);
    const lines = list.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^TAGS +SIZE +PUSHED \(UTC\) +TYPE/);
    expect(lines[1]).toBe('  DIGEST');
    const prune = await runCli(['image', 'prune', 'many', '--keep', '1', '--dry-run'], settings);
    const tags = await runCli(['image', 'list', 'many', '--tags'], settings);
    const described = await runCli(['image', 'describe', 'many:1.299'], settings);
    for (const { stdout } of [list, prune, tags, described]) {
      const text = stdout.split('\n').filter((line) => !line.startsWith('digest  '));
      expect(text.filter((line) => line.length > 80)).toEqual([]);
      expect(stdout).toMatch(/^ {2}sha256:[0-9a-f]{64}$/m);
    }
  });

  it('has the members of the API with --json, and lists every page once', async () => {
    const calls = emulator.count('DescribeImages');
    const { imageDetails } = readListed(await ecrp('image', 'list', 'paged', '--json'));
    expect(emulator.count('DescribeImages') - calls).toBe(2);
    expect(new Set(imageDetails.map(({ imageDigest }) => imageDigest)).size).toBe(1100);
    const signer = { ...emulator, accessKeyId: 'AKIAMINE', secretAccessKey: 'mine' };
    const api = await callApi(signer, 'DescribeImages', { repositoryName: 'paged', maxResults: 1 });
    const [first] = api.imageDetails ?? [];
    const imagePushedAt = new Date((first?.imagePushedAt ?? 0) * 1000).toISOString();
    expect(imageDetails[0]).toEqual({ ...first, imagePushedAt });
  });

  it('closes a list that breaks off, and says why after it', async () => {
    await setFaults(emulator, ['DescribeImages error AccessDeniedException on=2']);
    const result = await ecrp('image', 'list', 'paged', '--json');
    expect(result.status).toBe(4);
    expect(readListed(result).imageDetails).toHaveLength(1000);
    expect(result.json()).toMatchObject({
      repositoryUri: `${emulator.registryHost}/mine/paged`,
      error: { code: 'AUTH', operation: 'DescribeImages', awsError: 'AccessDeniedException' },
      exitStatus: 4,
    });
    await setFaults(emulator, ['DescribeImages error AccessDeniedException']);
    const none = await ecrp('image', 'list', 'paged', '--json');
    await setFaults(emulator, []);
    expect(Object.keys(none.json())).toEqual(['schemaVersion', 'error', 'exitStatus']);
  });

  it('lists tags with the time at which each was put', async () => {
    const { stdout } = await ecrp('image', 'list', 'many', '--tags');
    const [headings = '', first = ''] = stdout.split('\n');
    expect(headings).toMatch(/^TAG +CREATED \(UTC\) +DIGEST +SIZE +PUSHED \(UTC\) +TYPE +PULL ADDRESS$/);
    expect(first.split(/ {2,}/).slice(0, 2)).toEqual(['1.299', '2026-01-01 04:59']);
    const { json } = await ecrp('image', 'list', 'many', '--tags', '--json');
    const details = json().imageTagDetails;
    expect(details).toHaveLength(IMAGES);
    expect(details).toContainEqual({
      imageTag: '1.0',
      createdAt: '2026-01-01T00:00:00.000Z',
      imageDetail: {
        imageDigest: expect.stringMatching(/^sha256:/),
        imageSizeInBytes: 101,
        imagePushedAt: '2026-01-01T00:00:00.000Z',
        imageManifestMediaType: 'application/vnd.oci.image.manifest.v1+json',
        artifactMediaType: 'application/vnd.oci.image.config.v1+json',
      },
    });
  });

  it('takes a repository URI', async () => {
    expect(readListed(await ecrp('image', 'list', uri, '--json')).imageDetails).toHaveLength(IMAGES);
  });

  it('says so when there are none, and fails for a repository that does not exist', async () => {
    await ecrp('repo', 'create', 'empty');
    expect(await ecrp('image', 'list', 'empty')).toMatchObject({
      status: 0,
      stdout: '',
      stderr: 'empty has no images.\n',
    });
    expect((await ecrp('image', 'list', 'empty', '--json')).json()).toMatchObject({ imageDetails: [] });
    const missing = await ecrp('image', 'list', 'missing', '--json');
    expect(missing.json()).toMatchObject({ error: { code: 'NOT_FOUND' }, exitStatus: 5 });
  });
});

describe("image list of another publisher's repository", () => {
  const name = `${emulator.registryHost}/publisher/theirs`;

  it('lists the tags that its registry shows to anybody, page by page', async () => {
    const { status, stdout, stderr } = await ecrp('image', 'list', name);
    const lines = stdout.trimEnd().split('\n');
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `${name} is not in your registry: it shows its tags only.\n`,
    });
    expect(lines).toHaveLength(IMAGES + 1);
    expect(lines[1]).toMatch(new RegExp(`^1\\.0 +${name}:1\\.0$`));
    expect((await ecrp('image', 'list', name, '--json')).json()).toMatchObject({
      repositoryUri: name,
      imageTagDetails: expect.arrayContaining([{ imageTag: '1.299' }]),
    });
  });

  it('works without credentials', async () => {
    const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...anonymous } = env;
    const { status, json } = await runCli(['image', 'list', name, '--json'], { env: anonymous });
    expect(status).toBe(0);
    expect(json().imageTagDetails).toHaveLength(IMAGES);
  });

  it('fails for one that does not exist', async () => {
    const { status, stderr } = await ecrp('image', 'list', `${emulator.registryHost}/publisher/missing`);
    expect(status).toBe(5);
    expect(stderr).toContain('publisher/missing: the repository does not exist, or is not public');
  });
});
