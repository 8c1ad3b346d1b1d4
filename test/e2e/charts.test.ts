import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { EcrpError } from '../../src/errors.ts';
import { main } from '../../src/main.ts';
import { callApi } from '../support/call-api.ts';
import { CHART_YAML, packChart } from '../support/charts.ts';
import { makeInterruption, runCli } from '../support/cli.ts';
import { writeItems } from '../support/found.ts';
import { describeBytes, makeRandomBytes, packTar, type TarItem } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

const { home, emulator } = await startWorkplace();
const env = { ...home.env, ...emulator.env };
const path = join(home.directory, 'mychart-0.1.0.tgz');
const chart = await packChart({ 'Chart.yaml': CHART_YAML, 'values.yaml': 'a: b\n' });
await writeFile(path, chart);

function push(argv: readonly string[], settings: { stdin?: Buffer; env?: Record<string, string> } = {}) {
  return runCli(['push', ...argv], { ...settings, env: { ...env, ...settings.env } });
}

describe('ecrp push CHART', () => {
  it('pushes a chart under its version, and again without a byte', async () => {
    const pushed = (await push([path, 'charts/free', '--create-repo', '--verify', '--json'])).json();
    expect(pushed).toMatchObject({
      repositoryName: 'charts/free',
      imageManifestMediaType: 'application/vnd.oci.image.manifest.v1+json',
      tags: [{ imageTag: '0.1.0', status: 'created' }],
      layers: { total: 2, uploaded: 2 },
    });
    const imageIds = [{ imageTag: '0.1.0' }];
    const { imageDetails } = await callApi(emulator, 'DescribeImages', {
      repositoryName: 'charts/free',
      imageIds,
    });
    expect(imageDetails).toMatchObject([
      { imageDigest: pushed.imageDigest, artifactMediaType: 'application/vnd.cncf.helm.config.v1+json' },
    ]);
    const again = (await push([path, 'charts/free', '--json'])).json();
    expect(again).toMatchObject({
      imageDigest: pushed.imageDigest,
      tags: [{ status: 'unchanged' }],
      bytes: { uploaded: 0 },
    });
  });

  it.each<[name: string, argv: readonly string[], stdin?: Buffer]>([
    ['by a pipe', ['-', 'charts/free'], chart],
    ['by a pipe, without sending', ['-', 'charts/free', '--dry-run'], chart],
    ['with --all', [path, 'charts/free', '--all']],
    ['with another tag too', [path, 'charts/free', '-t', '0.1.0', '--if-exists', 'fail']],
    ['with a tag alone', [path, '-t', 'charts/free:0.1.0', '--if-exists', 'skip']],
  ])('is the same %s', async (_name, argv, stdin) => {
    const file = (await push([path, 'charts/free', '--create-repo', '--json'])).json();
    const result = await push([...argv, '--json'], stdin && { stdin });
    expect(result.status, result.stderr).toBe(0);
    const [outcome] = [result.json().images ?? result.json()].flat();
    expect(outcome).toMatchObject({ imageDigest: file.imageDigest, tags: [{ imageTag: '0.1.0' }] });
    expect(result.stderr).not.toContain('warning');
  });

  it('takes the time of creation from SOURCE_DATE_EPOCH', async () => {
    const SOURCE_DATE_EPOCH = '1600000000';
    const dry = [path, 'charts/free', '--create-repo', '--dry-run', '--json'];
    const digests = await Promise.all(
      [{}, { SOURCE_DATE_EPOCH }, { SOURCE_DATE_EPOCH }].map(
        async (variables) => (await push(dry, { env: variables })).json().imageDigest,
      ),
    );
    expect(digests[0]).not.toBe(digests[1]);
    expect(digests[1]).toBe(digests[2]);
    const wrong = await push(dry.slice(0, -1), { env: { SOURCE_DATE_EPOCH: 'today' } });
    expect(wrong).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('SOURCE_DATE_EPOCH is "today"'),
    });
  });

  it('makes a tag of a version with build metadata', async () => {
    const bytes = await packChart({ 'Chart.yaml': CHART_YAML.replace('0.1.0', '1.0.0-rc.1+build.7') });
    const result = await push(['-', 'charts/build', '--create-repo', '--json'], { stdin: bytes });
    expect(result.json().tags).toMatchObject([{ imageTag: '1.0.0-rc.1_build.7' }]);
  });

  it('warns of a tag that is not the version', async () => {
    const result = await push([path, 'charts/tagged:stable', '-t', '0.1.0', '-t', 'latest', '--create-repo']);
    expect(result).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('charts/tagged:stable@sha256:'),
      stderr: expect.stringContaining(
        'warning: the tags stable, latest are not the version of the chart, 0.1.0, which Helm looks for\n',
      ),
    });
  });

  it('sends no file of a chart as a layer', async () => {
    const bytes = await packChart({
      'values.yaml': 'a: b',
      'files/layer.tar': makeRandomBytes('layer', 2 * 1024 * 1024),
      'Chart.yaml': CHART_YAML,
    });
    const { length } = emulator.requests;
    const result = await push(['-', 'charts/files', '--create-repo', '--json'], { stdin: bytes });
    expect(result.json()).toMatchObject({ layers: { total: 2, uploaded: 2 } });
    const initiated = emulator.requests
      .slice(length)
      .filter(({ operation }) => operation === 'InitiateLayerUpload');
    expect(initiated).toHaveLength(2);
  });

  it('needs no temporary directory', async () => {
    const result = await push([path, 'charts/spool', '--create-repo', '--dry-run'], {
      env: { TMPDIR: join(home.directory, 'missing'), ECRP_SPOOL_LIMIT: '0' },
    });
    expect(result.status, result.stderr).toBe(0);
  });

  it.each<[name: string, argv: readonly string[], message: string, hint: string]>([
    [
      'without a target',
      [path],
      'no target for the chart "mychart": a chart names no repository',
      'Give the REPOSITORY after the chart',
    ],
    [
      'with a path as of helm push',
      [path, 'team/charts/'],
      '"team/charts/" is not a repository name',
      'Write the whole name of the repository: team/charts/NAME.',
    ],
    [
      'with a URL as of helm push',
      [path, 'oci://public.ecr.aws/a1b2c3d4/charts'],
      'is a URL',
      'Write the whole name of the repository, without the scheme: public.ecr.aws/a1b2c3d4/charts',
    ],
    [
      'with a version that is no tag',
      [path, 'charts/free:1.0.0+b'],
      '"1.0.0+b" is not an image tag',
      'Write it with _ in place of +, as Helm does: 1.0.0_b',
    ],
    ['for a platform', [path, 'charts/free', '--platform', 'linux/amd64'], 'for every platform', 'Leave out'],
    ['for an image', [path, 'charts/free', '--image', 'app'], 'no image app', '(Helm chart)'],
  ])('refuses it %s', async (_name, argv, message, hint) => {
    const result = await push(argv);
    expect(result.status).toBe(2);
    expect(result.stderr).toContain(message);
    expect(result.stderr).toContain(`hint: `);
    expect(result.stderr).toContain(hint);
  });

  it('shows how to package the directory of a chart', async () => {
    const directory = join(home.directory, 'mychart');
    await mkdir(directory);
    await writeFile(join(directory, 'Chart.yaml'), CHART_YAML);
    const result = await push([directory, 'charts/free']);
    expect(result).toMatchObject({
      status: 3,
      stderr: expect.stringContaining(
        `hint: Package it, and push what that writes: \`helm package ${directory}\``,
      ),
    });
  });

  it('ends when it is interrupted while the chart arrives', async () => {
    const { signal, interrupt } = makeInterruption(new EcrpError('INTERRUPTED', 'by you'));
    const stdin = new PassThrough();
    stdin.write(chart.subarray(0, chart.length - 20));
    setImmediate(interrupt);
    const result = await runCli(['push', '-', 'charts/free'], {
      env,
      signal,
      main: (argv, io) => main(argv, { ...io, stdin }),
    });
    expect(result).toMatchObject({ status: 130, stderr: expect.stringContaining('by you') });
    expect(stdin.destroyed).toBe(true);
  });
});

describe('a chart in an OCI layout', () => {
  const TITLE = 'org.opencontainers.image.title';
  const VERSION = 'org.opencontainers.image.version';
  const CONFIG = 'application/vnd.cncf.helm.config.v1+json';
  const NAME = 'org.opencontainers.image.ref.name';

  interface LayoutChart {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly configType?: string;
    /** As `index.json` has it. */
    readonly named?: string;
  }

  /** The files of a layout of charts, as oras copies them from a registry. */
  function listItems(charts: readonly LayoutChart[]): readonly TarItem[] {
    const blobs: Buffer[] = [chart];
    const manifests = charts.map(({ annotations, configType = CONFIG, named }, index) => {
      const config = Buffer.from(JSON.stringify({ name: 'mychart', index }));
      const layer = describeBytes('application/vnd.cncf.helm.chart.content.v1.tar+gzip', chart);
      const document = {
        schemaVersion: 2,
        config: describeBytes(configType, config),
        layers: [layer],
        annotations,
      };
      const manifest = Buffer.from(JSON.stringify(document));
      blobs.push(config, manifest);
      const entry = describeBytes('application/vnd.oci.image.manifest.v1+json', manifest);
      return { ...entry, ...(named !== undefined && { annotations: { [NAME]: named } }) };
    });
    return [
      { name: 'oci-layout', content: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
      { name: 'index.json', content: Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })) },
      ...blobs.map((content) => ({
        name: `blobs/sha256/${describeBytes('', content).digest.slice(7)}`,
        content,
      })),
    ];
  }

  let layouts = 0;
  async function pushLayout(charts: readonly LayoutChart[], ...options: readonly string[]) {
    layouts += 1;
    const directory = join(home.directory, `layout-${layouts}`);
    await writeItems(directory, listItems(charts));
    return push([directory, ...options, '--create-repo', '--json']);
  }

  const facts = { [TITLE]: 'mychart', [VERSION]: '1.0.0+build.7' };

  it('takes its version', async () => {
    const result = await pushLayout([{ annotations: facts, named: 'stable' }], 'layout/one');
    expect(result.json(), result.stderr).toMatchObject({ tags: [{ imageTag: '1.0.0_build.7' }] });
    expect(result.stderr).not.toContain('warning');
  });

  it('takes the same in a packed tar on standard input', async () => {
    const stdin = gzipSync(await packTar(listItems([{ annotations: facts }])));
    const result = await push(['-', 'layout/piped', '--create-repo', '--json'], { stdin });
    expect(result.json(), result.stderr).toMatchObject({ tags: [{ imageTag: '1.0.0_build.7' }] });
  });

  it('takes the tag that is given, and warns that it is not the version', async () => {
    const result = await pushLayout([{ annotations: facts }], 'layout/tagged:stable');
    expect(result.json().tags).toMatchObject([{ imageTag: 'stable' }]);
    expect(result.stderr).toContain('the tag stable is not the version of the chart, 1.0.0+build.7');
  });

  it.each<
    [name: string, options: readonly string[], charts: readonly LayoutChart[], tags: readonly string[]]
  >([
    ['without a name', ['layout/all-one', '--all'], [{ annotations: facts }], ['1.0.0_build.7']],
    ['with a name', ['layout/all-named', '--all'], [{ annotations: facts, named: 'stable' }], ['stable']],
    [
      'of several',
      ['layout/all', '--all'],
      [{ annotations: facts }, { annotations: { ...facts, [VERSION]: '2.0.0' } }],
      ['1.0.0_build.7', '2.0.0'],
    ],
  ])('takes with --all the tag of its own, %s', async (_name, options, charts, tags) => {
    const result = await pushLayout(charts, ...options);
    expect(result.json(), result.stderr).toMatchObject({
      images: tags.map((imageTag) => ({ tags: [{ imageTag }] })),
    });
  });

  it.each<[name: string, chart: LayoutChart]>([
    ['a version that makes no tag', { annotations: { ...facts, [VERSION]: '~1.0' } }],
    ['a version that is too long', { annotations: { ...facts, [VERSION]: `1.0.0-${'a'.repeat(123)}` } }],
    ['no version', { annotations: { [TITLE]: 'mychart' } }],
    ['no annotations', {}],
    ['another config', { annotations: facts, configType: 'application/vnd.example.config.v1+json' }],
  ])('goes to latest with %s', async (name, layoutChart) => {
    const result = await pushLayout([layoutChart], `layout/${name.replaceAll(' ', '-')}`);
    expect(result.json(), result.stderr).toMatchObject({ tags: [{ imageTag: 'latest' }] });
  });

  it('is refused for a platform, and in an index', async () => {
    const refused = await pushLayout([{ annotations: facts }], 'layout/x', '--platform', 'linux/amd64');
    expect(refused).toMatchObject({ status: 2, stderr: '' });
    expect(refused.json()).toMatchObject({
      error: { message: expect.stringContaining('a Helm chart is for every platform') },
    });
    const created = await runCli(
      ['index', 'create', 'layout/x:1', join(home.directory, `layout-${layouts}`)],
      {
        env,
      },
    );
    expect(created).toMatchObject({ status: 2, stderr: expect.stringContaining('is a Helm chart') });
  });
});
