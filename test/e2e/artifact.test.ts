import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { startWorkplace } from '../support/workplace.ts';

// Plain files that become one OCI artifact.

const { home, emulator } = await startWorkplace();
const cwd = home.directory;
const TYPE = 'application/vnd.example.note';

beforeAll(async () => {
  await mkdir(join(cwd, 'out'));
  await writeFile(join(cwd, 'one.txt'), 'one');
  await writeFile(join(cwd, 'out/two.json'), '{"two":2}');
  await writeFile(join(cwd, 'empty'), '');
  await writeFile(join(cwd, 'a:b'), 'a colon');
  await writeFile(join(cwd, 'a:text'), 'like a type');
  execFileSync('mkfifo', [join(cwd, 'fifo')]);
});

function push(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
  return runCli(['push', ...argv, '--json'], { cwd, env: { ...home.env, ...emulator.env, ...env } });
}

/** Pushes files, and reads the manifest that was stored. */
async function pushFiles(
  reference: string,
  files: readonly string[],
  options: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
) {
  const argv = [reference, ...files, '--artifact-type', TYPE, '--create-repo', ...options];
  const result = await push(argv, env);
  expect(result, result.stderr).toMatchObject({ status: 0 });
  const { imageDigest, repositoryName } = result.json();
  return { result, imageDigest, manifest: await readManifest(String(repositoryName), String(imageDigest)) };
}

async function readManifest(repositoryName: string, reference: string): Promise<Record<string, unknown>> {
  const { registryHost, registryAlias } = emulator;
  const scope = `repository:${registryAlias}/${repositoryName}:pull`;
  // as: of the OCI distribution specification
  const { token } = (await (await fetch(`http://${registryHost}/token/?scope=${scope}`)).json()) as {
    token: string;
  };
  const url = `http://${registryHost}/v2/${registryAlias}/${repositoryName}/manifests/${reference}`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  return (await answer.json()) as Record<string, unknown>; // as: a manifest
}

describe('an artifact', () => {
  it('has the files under their paths, with their types', async () => {
    const { result, manifest } = await pushFiles(
      'notes:1',
      [
        'one.txt',
        './out/../out/two.json:application/json',
        'a:b:text/plain',
        'a:text',
        join(cwd, 'out/two.json'),
      ],
      ['-t', '2', '--annotation', 'k=v=w', '--annotation', 'empty='],
    );
    expect(manifest).toMatchObject({
      artifactType: TYPE,
      config: { mediaType: 'application/vnd.oci.empty.v1+json', size: 2 },
      annotations: { k: 'v=w', empty: '' },
    });
    const layer = 'application/vnd.oci.image.layer.v1.tar';
    const title = 'org.opencontainers.image.title';
    expect(manifest.layers).toMatchObject([
      { mediaType: layer, size: 3, annotations: { [title]: 'one.txt' } },
      { mediaType: 'application/json', annotations: { [title]: 'out/two.json' } },
      { mediaType: 'text/plain', annotations: { [title]: 'a:b' } },
      { mediaType: layer, annotations: { [title]: 'a:text' } },
      // A path that leads elsewhere would be refused by those who pull it.
      { mediaType: layer, annotations: { [title]: 'two.json' } },
    ]);
    expect(result.json()).toMatchObject({
      tags: [
        { imageTag: '1', status: 'created' },
        { imageTag: '2', status: 'created' },
      ],
      manifests: [{ artifactType: TYPE, status: 'put' }],
      // Two files have the same content.
      layers: { total: 5, uploaded: 5 },
    });
  });

  it('has the same digest every time, and another with SOURCE_DATE_EPOCH', async () => {
    const first = await pushFiles('same:1', ['one.txt']);
    const again = await pushFiles('same:1', ['one.txt']);
    expect(again.imageDigest).toBe(first.imageDigest);
    expect(again.result.json()).toMatchObject({ layers: { uploaded: 0 }, tags: [{ status: 'unchanged' }] });
    expect(again.result.stderr).toContain('Unchanged');
    expect(first.manifest).not.toHaveProperty('annotations');
    const dated = await pushFiles('same:2', ['one.txt'], [], { SOURCE_DATE_EPOCH: '1700000000' });
    expect(dated.manifest.annotations).toEqual({
      'org.opencontainers.image.created': '2023-11-14T22:13:20Z',
    });
    const created = '2020-02-02T00:00:00+01:00';
    const options = ['--annotation', `org.opencontainers.image.created=${created}`];
    const given = await pushFiles('same:3', ['one.txt'], options, { SOURCE_DATE_EPOCH: '1700000000' });
    expect(given.manifest.annotations).toEqual({ 'org.opencontainers.image.created': created });
  });

  it('goes up without a tag', async () => {
    const { result, imageDigest } = await pushFiles('bare', ['one.txt'], ['--by-digest', '--verify']);
    expect(result.json()).toMatchObject({ tags: [], verified: { manifests: 1, blobs: 2 } });
    expect(String(result.json().reference)).toMatch(new RegExp(`/bare@${imageDigest}$`));
  });

  it('is only described by a dry run', async () => {
    const argv = ['dry:1', 'one.txt', '--artifact-type', TYPE, '--create-repo', '--dry-run'];
    const result = await push(argv);
    expect(result.json()).toMatchObject({ dryRun: true, createsRepository: true, layers: { total: 2 } });
    expect((await push(argv)).json()).toMatchObject({ createsRepository: true });
  });
});

describe('--subject', () => {
  beforeAll(async () => {
    await push([locateArchive('skopeo-multi-oci.tar'), 'about/app:1.0', '-t', 'latest', '--create-repo']);
  });

  it('names an image of the same repository, by tag, by digest and by the whole reference', async () => {
    const { registryHost, registryAlias } = emulator;
    const byTag = await pushFiles('about/app:note', ['one.txt'], ['--subject', 'about/app:1.0']);
    const { subject } = byTag.manifest;
    expect(subject).toMatchObject({ mediaType: 'application/vnd.oci.image.index.v1+json' });
    const stored = JSON.stringify(await readManifest('about/app', '1.0'));
    // as: a descriptor
    const { digest, size } = subject as { readonly digest: string; readonly size: number };
    expect(size).toBe(Buffer.byteLength(stored));
    for (const other of [
      `about/app@${digest}`,
      `about/app:1.0@${digest}`,
      'about/app',
      `${registryHost}/${registryAlias}/about/app:1.0`,
    ]) {
      const { imageDigest } = await pushFiles('about/app:note', ['one.txt'], ['--subject', other]);
      expect(imageDigest, other).toBe(byTag.imageDigest);
    }
    expect(byTag.result.stderr).toContain('private ECR has refused artifacts with a subject');
  });

  it.each([
    ['other/app:1.0', 2, /the subject is in other\/app, but the artifact goes to about\/app/],
    ['about/app:none', 5, /the tag none does not exist/],
    [`about/app@sha256:${'0'.repeat(64)}`, 5, /does not exist/],
    [`about/app:1.0@sha256:${'0'.repeat(64)}`, 6, /the tag 1.0 is on sha256:/],
    ['UPPER', 2, /not a repository name/],
    ['docker.io/library/app', 2, /docker\.io/],
  ])('%s: status %i', async (subject, status, message) => {
    const result = await push(['about/app:x', 'one.txt', '--artifact-type', TYPE, '--subject', subject]);
    expect(result.status).toBe(status);
    expect(result.json().error).toMatchObject({ message: expect.stringMatching(message) });
  });

  it('needs a registry that belongs to the endpoint', async () => {
    const env = { ECRP_REGISTRY_HOST: '' };
    const result = await push(
      ['about/app:x', 'one.txt', '--artifact-type', TYPE, '--subject', 'about/app'],
      env,
    );
    expect(result.json().error).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('--subject'),
    });
  });
});

describe('a wrong command line ends before anything is sent', () => {
  const artifact = ['--artifact-type', TYPE];
  it.each<[what: string, argv: readonly string[], status: number, message: RegExp, hint: RegExp]>([
    ['no file', ['app:1', ...artifact], 2, /no file is given/, /ecrp push app:1 FILE --artifact-type/],
    [
      'a missing file',
      ['app:1', 'none.txt:text/plain', ...artifact],
      3,
      /"none.txt": no such file/,
      /FILE:MEDIA_TYPE/,
    ],
    ['a name with a NUL', ['app:1', 'a\0b', ...artifact], 3, /no such file/, /./],
    ['an endless name', ['app:1', 'x'.repeat(100_000), ...artifact], 3, /no such file/, /./],
    ['an empty name', ['app:1', '', ...artifact], 3, /no such file/, /./],
    ['only a type', ['app:1', ':text/plain', ...artifact], 3, /no such file/, /./],
    ['escapes in a name', ['app:1', '\u001b[31mred', ...artifact], 3, /\\u001b\[31mred/, /./],
    ['a directory', ['app:1', 'out', ...artifact], 3, /"out": a directory/, /tar -czf out.tar.gz out/],
    ['the root directory', ['app:1', '/', ...artifact], 3, /a directory/, /tar -czf files.tar.gz \//],
    ['a FIFO', ['app:1', 'fifo', ...artifact], 3, /not a regular file/, /Write it into a file/],
    ['standard input', ['app:1', '-', ...artifact], 2, /standard input/, /into a file/],
    ['an empty file', ['app:1', 'empty', ...artifact], 7, /"empty" is empty/, /Leave the empty file out/],
    [
      'a bad type of a file',
      ['app:1', 'one.txt:text', ...artifact],
      2,
      /"text" is not a media type/,
      /TYPE\/SUBTYPE/,
    ],
    [
      'a type with a parameter',
      ['app:1', 'one.txt:a/b;c=d', ...artifact],
      2,
      /not a media type/,
      /without parameters/,
    ],
    [
      'a bad artifact type',
      ['app:1', 'one.txt', '--artifact-type', 'sbom'],
      2,
      /--artifact-type: "sbom"/,
      /TYPE\/SUB/,
    ],
    [
      'one title twice',
      ['app:1', 'one.txt', './one.txt', ...artifact],
      2,
      /two files would be "one.txt"/,
      /once/,
    ],
    ['one title by two paths', ['app:1', 'out/two.json', '../x/../out/two.json', ...artifact], 3, /./, /./],
    [
      'file before reference',
      ['one.txt', 'app:1', ...artifact],
      2,
      /"one.txt" is one/,
      /ecrp push app:1 one.txt/,
    ],
    [
      'a bad annotation',
      ['app:1', 'one.txt', ...artifact, '--annotation', 'k'],
      2,
      /"k" is not KEY=VALUE/,
      /KEY=VALUE/,
    ],
    [
      'an annotation twice',
      ['app:1', 'one.txt', ...artifact, '--annotation', 'k=1', '--annotation', 'k=2'],
      2,
      /twice/,
      /./,
    ],
    [
      'a bad time',
      ['app:1', 'one.txt', ...artifact, '--annotation', 'org.opencontainers.image.created=now'],
      2,
      /"now", not a time of RFC 3339/,
      /2026-01-31T12:00:00Z/,
    ],
    ['--all', ['app:1', 'one.txt', ...artifact, '--all'], 2, /--all is for images/, /Leave out --all/],
    [
      '--foreign-layers',
      ['app:1', 'one.txt', ...artifact, '--foreign-layers'],
      2,
      /--foreign-layers is for images/,
      /Leave out --foreign-layers/,
    ],
    [
      '--cache-from',
      ['app:1', 'one.txt', ...artifact, '--cache-from', 'x'],
      2,
      /--cache-from is for images/,
      /./,
    ],
    [
      '--subject of an image',
      ['one.txt', 'app:1', '--subject', 'app:2'],
      2,
      /--subject is for an artifact/,
      /--artifact-type/,
    ],
    [
      '--annotation of an image',
      ['one.txt', 'app:1', '--annotation', 'a=b'],
      2,
      /--annotation is for/,
      /--artifact-type/,
    ],
    ['several archives', ['one.tar', 'two.tar', 'app'], 2, /too many arguments: 3/, /once for each source/],
  ])('%s', async (_what, argv, status, message, hint) => {
    const before = emulator.requests.length;
    const result = await push(argv);
    expect(result.json()).toMatchObject({
      error: { message: expect.stringMatching(message), hint: expect.stringMatching(hint) },
      exitStatus: status,
    });
    expect(emulator.requests).toHaveLength(before);
  });

  it('a wrong SOURCE_DATE_EPOCH', async () => {
    const result = await push(['app:1', 'one.txt', ...artifact], { SOURCE_DATE_EPOCH: 'yesterday' });
    expect(result.json()).toMatchObject({
      error: { message: expect.stringContaining('SOURCE_DATE_EPOCH is "yesterday"') },
      exitStatus: 2,
    });
  });
});
