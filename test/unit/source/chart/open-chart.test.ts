import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ImageSource } from '../../../../src/ends/image-source.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { openByteFile } from '../../../../src/source/byte-file.ts';
import { openChartFile, openChartStream } from '../../../../src/source/chart/open-chart.ts';
import { recognizeStream } from '../../../../src/source/open-stream.ts';
import { collectBytes } from '../../../../src/source/source-store.ts';
import { catchError } from '../../../support/catch-error.ts';
import { CHART_YAML, packChart } from '../../../support/charts.ts';
import { listArchiveItems, listLayoutItems } from '../../../support/image-writers.ts';
import { makeImage, packTar, type TarItem } from '../../../support/images.ts';
import { useTemporaryDirectories } from '../../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
const without = { findCreated: () => undefined };

async function openFile(
  packed: Buffer,
  { provenance, created }: { readonly provenance?: string; readonly created?: string } = {},
): Promise<ImageSource | undefined> {
  const path = join(await makeDirectory(), 'a file');
  await writeFile(path, packed);
  if (provenance !== undefined) await writeFile(`${path}.prov`, provenance);
  const file = openByteFile(path, { followLinks: true });
  try {
    return await openChartFile(file, { findCreated: () => created });
  } finally {
    file.close();
  }
}

async function openPipe(packed: Buffer, chunkBytes = 1000) {
  const chunks = function* (): Generator<Buffer> {
    for (let at = 0; at < packed.length; at += chunkBytes) yield packed.subarray(at, at + chunkBytes);
  };
  return openChartStream(await recognizeStream(Readable.from(chunks()), 'standard input'), without);
}

/** Reads the chart's manifest and blobs. */
async function read(source: ImageSource | undefined) {
  const [image] = source?.images ?? [];
  if (source === undefined || image?.kind !== 'manifest') throw new Error('not a chart');
  const { chart, root, warnings } = image;
  const fetch = ({ digest, size }: { digest: `sha256:${string}`; size: number }) =>
    collectBytes(source.open({ kind: 'digest', digest, size }, 0));
  const manifest = (await fetch(root)).toString();
  const { config, layers, annotations } = JSON.parse(manifest);
  return { chart, manifest, annotations, warnings, config: (await fetch(config)).toString(), layers, fetch };
}

describe('a packaged chart', () => {
  it('has the config and the manifest that Helm makes', async () => {
    const chartYaml = [
      '# A comment',
      'version: 1.2.3-rc.1+build.5',
      'name: mychart',
      'description: |\n  Two\n  lines with a \u200b<tag>',
      'home: https://example.com/?a&b',
      'sources: [https://example.com/a, https://example.com/b]',
      'maintainers:\n  - {email: a@example.com, name: A}\n  - name: B\n    url: https://example.com',
      'appVersion: 1.10',
      'apiVersion: v2',
      'deprecated: yes',
      'engine: gotpl',
      'annotations: {z: 1, a/b: "x", org.opencontainers.image.title: no}',
      'dependencies:\n  - {name: d, repository: "", version: ~1.0, import-values: [v, {parent: p, child: .}]}',
      '',
    ].join('\n');
    const packed = await packChart({ 'Chart.yaml': chartYaml });
    const chart = await read(await openFile(packed));
    expect(chart.config).toBe(
      '{"name":"mychart","home":"https://example.com/?a\\u0026b","sources":["https://example.com/a","https://example.com/b"],' +
        '"version":"1.2.3-rc.1+build.5","description":"Two lines with a \\u003ctag\\u003e ",' +
        '"maintainers":[{"name":"A","email":"a@example.com"},{"name":"B","url":"https://example.com"}],' +
        '"apiVersion":"v2","appVersion":"1.1","deprecated":true,' +
        '"annotations":{"a/b":"x","org.opencontainers.image.title":"false","z":"1"},' +
        '"dependencies":[{"name":"d","version":"~1.0","repository":"","import-values":["v",{"child":".","parent":"p"}]}]}',
    );
    expect(chart.chart).toEqual({
      name: 'mychart',
      version: '1.2.3-rc.1+build.5',
      imageTag: '1.2.3-rc.1_build.5',
    });
    expect(chart.annotations).toEqual({
      'a/b': 'x',
      'org.opencontainers.image.authors': 'A (a@example.com), B',
      'org.opencontainers.image.description': 'Two lines with a <tag> ',
      'org.opencontainers.image.source': 'https://example.com/a',
      'org.opencontainers.image.title': 'mychart',
      'org.opencontainers.image.url': 'https://example.com/?a&b',
      'org.opencontainers.image.version': '1.2.3-rc.1+build.5',
      z: '1',
    });
    expect(chart.manifest).toMatch(
      /^\{"schemaVersion":2,"config":\{"mediaType":"application\/vnd\.cncf\.helm\.config\.v1\+json","digest":"sha256:\w+","size":\d+\},"layers":\[\{"mediaType":"application\/vnd\.cncf\.helm\.chart\.content\.v1\.tar\+gzip",/,
    );
    expect(chart.layers).toMatchObject([{ digest: digestOf(packed), size: packed.length }]);
    expect((await chart.fetch(chart.layers[0])).equals(packed)).toBe(true);
  });

  it('was created when the environment says so, unless its own annotation does', async () => {
    const created = '2020-01-02T03:04:05Z';
    const key = 'org.opencontainers.image.created';
    const packed = await packChart({ 'Chart.yaml': CHART_YAML });
    expect((await read(await openFile(packed))).annotations).not.toHaveProperty([key]);
    expect((await read(await openFile(packed, { created }))).annotations).toHaveProperty([key], created);
    const own = await packChart({ 'Chart.yaml': `${CHART_YAML}annotations: {${key}: then}\n` });
    expect((await read(await openFile(own, { created }))).annotations).toHaveProperty([key], 'then');
  });

  it('takes the provenance file with it, layers in the order of their digests', async () => {
    const packed = await packChart({ 'Chart.yaml': CHART_YAML });
    const provenance = `files:\n  mychart-0.1.0.tgz: ${digestOf(packed)}\n`;
    const chart = await read(await openFile(packed, { provenance }));
    const types = chart.layers.map(({ mediaType }: { mediaType: string }) => mediaType).sort();
    expect(types).toEqual([
      'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
      'application/vnd.cncf.helm.chart.provenance.v1.prov',
    ]);
    const digests = chart.layers.map(({ digest }: { digest: string }) => digest);
    expect(digests).toEqual([...digests].sort());
    expect(chart.warnings).toEqual([]);
    const strange = await read(await openFile(packed, { provenance: 'of another chart' }));
    expect(strange.warnings).toEqual([expect.stringMatching(/prov is pushed, but belongs to another file/)]);
  });

  it('of apiVersion v1 has its dependencies in requirements.yaml', async () => {
    const chartYaml = 'name: mychart\nVersion: 1\nappversion: 2020-01-02\n';
    const requirements = 'dependencies:\n- {name: a, version: 1.x, repository: "@r", alias: b}\n';
    const packed = await packChart({ 'requirements.yaml': requirements, 'Chart.yaml': chartYaml });
    expect((await read(await openFile(packed))).config).toBe(
      '{"name":"mychart","version":"1","apiVersion":"v1","appVersion":"2020-01-02",' +
        '"dependencies":[{"name":"a","version":"1.x","repository":"@r","alias":"b"}]}',
    );
  });

  it('is the same out of a stream', async () => {
    const packed = await packChart({ 'values.yaml': 'x: y\n'.repeat(9000), 'Chart.yaml': CHART_YAML });
    for (const chunkBytes of [1, 100, 1_000_000]) {
      const found = await openPipe(packed, chunkBytes);
      if (!('source' in found)) throw new Error('not a chart');
      expect((await read(found.source)).manifest).toBe((await read(await openFile(packed))).manifest);
    }
  });
});

describe('a gzip file is a chart by its content', () => {
  const files = {
    'templates/a.yaml': 'a',
    'files/layer.tar': 'a',
    'files/manifest.json': '[]',
    'charts/sub/Chart.yaml': 'name: sub\n',
  };
  const image = makeImage({ seed: 1, layers: [{}], names: ['app:1'] });
  const chartItems: readonly TarItem[] = [
    { name: 'mychart', directory: true },
    { name: 'mychart/Chart.yaml', content: Buffer.from(CHART_YAML) },
  ];

  it('wherever Chart.yaml is', async () => {
    for (const given of [
      { 'Chart.yaml': CHART_YAML, ...files },
      { ...files, 'Chart.yaml': CHART_YAML },
    ]) {
      expect((await read(await openFile(await packChart(given)))).chart?.name).toBe('mychart');
    }
  });

  it('also with names as Windows writes them, and folders of several names', async () => {
    const items = [
      { name: 'other\\values.yaml', content: Buffer.from('a: b') },
      { name: 'mychart\\Chart.yaml', content: Buffer.from(CHART_YAML) },
    ];
    expect((await read(await openFile(gzipSync(await packTar(items))))).chart?.version).toBe('0.1.0');
  });

  it.each<[name: string, items: () => Promise<readonly TarItem[]>]>([
    ['a docker-archive', async () => listArchiveItems([await image], 'legacy-symlink')],
    [
      'a docker-archive behind a chart',
      async () => [...chartItems, ...listArchiveItems([await image], 'legacy-symlink')],
    ],
    [
      'a docker-archive before a chart',
      async () => [...listArchiveItems([await image], 'legacy-symlink'), ...chartItems],
    ],
    [
      'an OCI layout behind a chart',
      async () => [...chartItems, ...listLayoutItems([await image], 'org.opencontainers.image.ref.name')],
    ],
    [
      'a layer of an old docker-archive',
      async () => [{ name: 'x/layer.tar', content: Buffer.alloc(600_000, 'x') }, ...chartItems],
    ],
    ['a chart that is packed in a folder', async () => [{ ...chartItems[1], name: './mychart/Chart.yaml' }]],
    ['a chart without a folder', async () => [{ ...chartItems[1], name: 'Chart.yaml' }]],
    ['a subchart alone', async () => [{ ...chartItems[1], name: 'mychart/charts/a/Chart.yaml' }]],
    ['an empty tar', async () => []],
  ])('%s is none', async (_name, items) => {
    const packed = gzipSync(await packTar(await items()));
    expect(await openFile(packed)).toBe(undefined);
    const found = await openPipe(packed);
    if (!('input' in found)) throw new Error('a chart');
    expect((await collectBytes(found.input.chunks)).equals(packed)).toBe(true);
  });

  it.each<[name: string, packed: () => Promise<Buffer>]>([
    ['a text', async () => gzipSync('apiVersion: v2\nname: mychart\n')],
    ['a damaged gzip', async () => Buffer.from('1f8b08000000', 'hex')],
    ['a tar cut short', async () => gzipSync((await packTar(chartItems)).subarray(0, 600))],
  ])('%s is none', async (_name, packed) => {
    expect(await openFile(await packed())).toBe(undefined);
  });
});

describe('a chart that Helm does not read is refused', () => {
  it.each<[name: string, chartYaml: string, problem: string]>([
    ['no name', 'version: 1.0.0', 'name is missing'],
    ['an empty file', '', 'name is missing'],
    ['a name with a slash', 'name: a/b\nversion: 1.0.0', 'name is "a/b"'],
    ['a name that is a folder', 'name: ..\nversion: 1.0.0', 'name is ".."'],
    ['no version', 'name: a', 'version is missing'],
    ['a version that is none', 'name: a\nversion: latest', 'version is "latest", not a semantic version'],
    ['a version with four numbers', 'name: a\nversion: 1.2.3.4', 'version is "1.2.3.4"'],
    ['a prerelease with a zero', 'name: a\nversion: 1.0.0-01', 'version is "1.0.0-01"'],
    ['a prerelease with an empty part', 'name: a\nversion: 1.0.0-a..b', 'version is "1.0.0-a..b"'],
    ['a number without end', `name: a\nversion: "${'9'.repeat(21)}.0.0"`, 'version is "999'],
    ['a version longer than a tag', `name: a\nversion: 1.0.0-${'a'.repeat(130)}`, '136 characters'],
    ['a version that is a list', 'name: a\nversion: [1, 2]', 'version is a list, not a text'],
    ['a type of another kind', 'name: a\nversion: 1.0.0\ntype: job', 'type is "job"'],
    ['a text for a flag', 'name: a\nversion: 1.0.0\ndeprecated: "true"', 'deprecated is "true"'],
    ['a text for a list', 'name: a\nversion: 1.0.0\nkeywords: b', 'keywords is "b", not a list'],
    ['an empty maintainer', 'name: a\nversion: 1.0.0\nmaintainers: [null]', 'maintainers[0] is empty'],
    ['a map for a text', 'name: a\nversion: 1.0.0\nsources: [{}]', 'sources[0] is a map, not a text'],
    ['a text for a map', 'name: a\nversion: 1.0.0\nannotations: b', 'annotations is "b", not a map'],
    ['a bad alias', 'name: a\nversion: 1.0.0\ndependencies: [{name: b, alias: b c}]', 'the alias "b c"'],
    [
      'two dependencies alike',
      'name: a\nversion: 1.0.0\ndependencies: [{name: b}, {name: c, alias: b}]',
      'the name or alias "b"',
    ],
    [
      'a number without end, for a dependency',
      'name: a\nversion: 1.0.0\ndependencies: [{name: b, import-values: [{c: .inf}]}]',
      'dependencies[0].import-values is a list, not JSON',
    ],
    ['a list', '- a', 'the document is a list, not a map'],
    ['what is no YAML', 'a: [', 'line 1'],
    ['an escape of a terminal', 'name: a\nversion: "1\\e[31m"', 'version is "1\\u001b[31m"'],
  ])('%s', async (_name, chartYaml, problem) => {
    const packed = await packChart({ 'Chart.yaml': chartYaml });
    const error = await catchError(() => openFile(packed));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', hint: expect.stringContaining('helm package') });
    expect(error.message).toContain('a file: Chart.yaml: ');
    expect(error.message).toContain(problem);
  });

  it.each<[name: string, packed: () => Promise<Buffer>, problem: string]>([
    ['bytes that are no text', () => packChart({ 'Chart.yaml': Buffer.from([0xff, 0xfe]) }), 'not UTF-8'],
    [
      'a file that is too long',
      () => packChart({ 'Chart.yaml': CHART_YAML, big: Buffer.alloc(5 * 1024 * 1024 + 1) }),
      'entry "mychart/big": it has 5242881 bytes',
    ],
    [
      'a decompression bomb',
      () => packChart({ 'Chart.yaml': CHART_YAML, big: Buffer.alloc(101 * 1024 * 1024) }),
      'decompresses to more than 104857600 bytes',
    ],
    [
      'a gzip cut short',
      async () => {
        const packed = await packChart({ 'Chart.yaml': CHART_YAML, a: Buffer.alloc(9000, 'abc') });
        return packed.subarray(0, -10);
      },
      'damaged or cut short',
    ],
    [
      'two files Chart.yaml',
      async () => {
        const content = Buffer.from(CHART_YAML);
        const names = ['mychart/Chart.yaml', 'other/Chart.yaml'];
        return gzipSync(await packTar(names.map((name) => ({ name, content }))));
      },
      'entry "other/Chart.yaml": it is there twice',
    ],
    [
      'a link in place of Chart.yaml',
      async () => gzipSync(await packTar([{ name: 'mychart/Chart.yaml', symlink: '/etc/passwd' }])),
      'name is missing',
    ],
    [
      'a file outside of the chart',
      async () =>
        gzipSync(
          await packTar([
            { name: 'mychart/Chart.yaml', content: Buffer.from(CHART_YAML) },
            { name: 'mychart/../../other/a' },
            { name: 'mychart//etc/a' },
          ]),
        ),
      'entry "mychart//etc/a": it is outside of the folder of the chart',
    ],
  ])('%s', async (_name, packed, problem) => {
    const bytes = await packed();
    for (const open of [() => openFile(bytes), () => openPipe(bytes)]) {
      const error = await catchError(open);
      expect(error.code).toBe('INVALID_INPUT');
      expect(error.message).toContain(problem);
    }
  });
});
