import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { packChart } from '../support/charts.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { logInGoClients } from './support/go-clients.ts';
import type { Ended } from './support/process.ts';
import { Sandbox } from './support/sandbox.ts';

// Helm pushes the same charts, and reads those that ecrp pushed.

/** When all charts were written. `helm push` says so in the manifest, ecrp if SOURCE_DATE_EPOCH does. */
const SECONDS = 1_700_000_000;

/** Chart.yaml in many forms, by version. The name is always `mychart`. */
const FORMS: Readonly<Record<string, string>> = {
  '0.1.0': 'apiVersion: v2\n',
  '1': 'apiVersion: v1\nengine: gotpl\ntillerVersion: ">2"\n',
  '1.1': 'version: 1.10\nappVersion: 1.10\n',
  'v2.0.1-rc.1+build.5': 'apiVersion: v2\nkubeVersion: ">=1.20.0-0"\ntype: library\n',
  '2.0.2':
    'description: |\n  Two\n  \tlines \u00e9 \u{1f468}\u200d\u{1f469} <b>&</b> \u00a0\u3000\nicon: "\\u0007 \\x7f\\L x"\nkeywords: [a, null, 3, yes]\n',
  '2.0.3':
    'maintainers: [{name: A, email: a@b}, {email: b@c}, {url: "https://c"}, {name: D}]\nsources: [" ", b]\nhome: "  "\n',
  '2.0.4':
    'annotations:\n  z: 1\n  "\u{1f600}": x\n  "\uff5e": "\\b\\f\\t\\u0001<>"\n  10: a\n  9: b\n  org.opencontainers.image.title: other\n  org.opencontainers.image.url: mine\n  org.opencontainers.image.created: then\n  empty:\n',
  '2.0.5':
    'dependencies:\n- {name: sub, repository: "https://x", version: 1.x.x, condition: a.b, tags: [t], enabled: true, alias: s_1, import-values: [v, {parent: p, child: c}, 1, 1.5, true, null, [x]]}\n- name: other\n',
  '2.0.6':
    'AppVersion: 0o17\nDESCRIPTION: 0x1F\nhome: 1e3\nicon: 12345678.9\ncondition: on\ntags: 08\nkubeVersion: 1_000\n',
  '2.0.7':
    'x: &x {description: one, home: two}\n<<: *x\nhome: three\nappVersion: 2020-01-02\nappVersion: "1:30"\ndeprecated: yes\n---\nname: other\n',
  '2.0.8': 'description: ~\nkeywords: []\nannotations: {}\nsources:\nhome: .inf\nicon: 1e39\ntags: -0b11\n',
};

/** What neither Helm nor ecrp takes. */
const REFUSED: readonly string[] = [
  'name: mychart\nversion: latest\n',
  'name: mychart\nversion: 1.0.0-01\n',
  'name: my/chart\nversion: 1.0.0\n',
  'name: mychart\nversion: 1.0.0\ntype: other\n',
  'name: mychart\nversion: 1.0.0\nkeywords: a\n',
  'name: mychart\nversion: 1.0.0\nmaintainers: [null]\n',
  'name: mychart\nversion: 1.0.0\ndeprecated: "yes"\n',
  'name: mychart\nversion: 1.0.0\ndependencies: [{name: a}, {name: a}]\n',
  'name: [mychart]\nversion: 1.0.0\n',
  'version: 1.0.0\n',
];

describeWithClients('charts', ['helm'], () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    for (const repositoryName of ['theirs/mychart', 'ours/any-name']) {
      await callApi(sandbox.emulator, 'CreateRepository', { repositoryName });
    }
    const input = (await sandbox.ecrp('token', '--password')).stdout.trim();
    const login = ['registry', 'login', '--plain-http', '--username', 'AWS', '--password-stdin'];
    const result = await sandbox.tryRun(requireClient('helm'), [...login, sandbox.emulator.registryHost], {
      input,
    });
    expect(result, result.stderr).toMatchObject({ status: 0 });
  });
  afterAll(() => sandbox.close());

  const write = async (files: Readonly<Record<string, string>>, provenance?: string): Promise<string> => {
    const path = join(sandbox.makeDirectory('chart'), 'packed');
    writeFileSync(path, await packChart(files));
    if (provenance !== undefined) writeFileSync(`${path}.prov`, provenance);
    utimesSync(path, SECONDS, SECONDS);
    return path;
  };
  const tryHelm = (...options: readonly string[]): Promise<Ended> =>
    sandbox.tryRun(requireClient('helm'), options, { env: { TZ: 'UTC' } });
  const helm = async (...options: readonly string[]): Promise<Ended> => {
    const result = await tryHelm(...options);
    expect(result, result.stderr).toMatchObject({ status: 0 });
    return result;
  };
  const pushOurs = (path: string, ...options: readonly string[]): Promise<Ended> =>
    sandbox.tryEcrp(['push', path, 'ours/any-name', ...options], {
      env: { SOURCE_DATE_EPOCH: String(SECONDS) },
    });
  const pushTheirs = (path: string): Promise<Ended> =>
    tryHelm('push', '--plain-http', path, `oci://${sandbox.locate('theirs')}`);
  const findDigest = async (repositoryName: string, version: string): Promise<string | undefined> => {
    const imageIds = [{ imageTag: version.replace('+', '_') }];
    const { imageDetails } = await callApi(sandbox.emulator, 'DescribeImages', { repositoryName, imageIds });
    return imageDetails?.[0]?.imageDigest;
  };
  /** Pushes a chart with both. The digests are those of the manifests, so all bytes are the same. */
  const comparePushes = async (path: string, version: string): Promise<void> => {
    for (const result of [await pushOurs(path), await pushTheirs(path)]) {
      expect(result, result.stderr).toMatchObject({ status: 0 });
    }
    const theirs = await findDigest('theirs/mychart', version);
    expect(theirs).toMatch(/^sha256:/);
    expect(await findDigest('ours/any-name', version)).toBe(theirs);
  };

  test.each(Object.entries(FORMS))(
    '%s: ecrp makes the config and the manifest that Helm makes',
    async (version, form) => {
      const given = form.startsWith('version:') ? form : `version: ${version}\n${form}`;
      const path = await write({ 'values.yaml': 'a: b\n', 'Chart.yaml': `name: mychart\n${given}` });
      await comparePushes(path, version);
    },
  );

  test('a chart with requirements.yaml, and a subchart', async () => {
    const requirements = 'dependencies: [{name: sub, version: 1.0.0, repository: "file://../sub"}]\n';
    const path = await write({
      'requirements.yaml': requirements,
      'charts/sub/Chart.yaml': 'name: sub\nversion: 1.0.0\n',
      'Chart.yaml': 'name: mychart\nversion: 3.0.0\n',
    });
    await comparePushes(path, '3.0.0');
  });

  test.each(REFUSED)('what Helm refuses, ecrp refuses: %j', async (chartYaml) => {
    const path = await write({ 'Chart.yaml': chartYaml });
    expect((await pushTheirs(path)).status).not.toBe(0);
    expect(await pushOurs(path)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('Chart.yaml: '),
    });
  });

  test('Helm pulls a chart with its provenance, and a push of what it pulled sends nothing', async () => {
    const version = '4.0.0+build.1';
    const path = await write(
      { 'Chart.yaml': `name: mychart\nversion: ${version}\n` },
      'not signed, but there',
    );
    await comparePushes(path, version);
    const pulled = sandbox.makeDirectory('pulled');
    const options = ['--plain-http', '--version', version, '--destination', pulled];
    await helm('pull', `oci://${sandbox.locate('ours/any-name')}`, '--prov', ...options);
    const file = join(pulled, `any-name-${version}.tgz`);
    expect(readFileSync(file).equals(readFileSync(path))).toBe(true);
    expect(readFileSync(`${file}.prov`, 'utf8')).toBe('not signed, but there');
    const again = await pushOurs(file, '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({
      imageDigest: await findDigest('theirs/mychart', version),
      tags: [{ status: 'unchanged' }],
      bytes: { uploaded: 0 },
    });
  });

  describeWithClients('in OCI layouts', ['oras'], () => {
    test('what oras copies from a registry is pushed under its version, and Helm pulls it', async () => {
      await logInGoClients(sandbox);
      const version = '5.0.0-rc.1+build.2';
      const path = await write({ 'Chart.yaml': `name: mychart\nversion: ${version}\n` });
      expect(await pushTheirs(path)).toMatchObject({ status: 0 });
      const layout = join(sandbox.makeDirectory('copied'), 'layout');
      const from = ['--from-plain-http', sandbox.locate('theirs/mychart:5.0.0-rc.1_build.2')];
      await sandbox.run(requireClient('oras'), 'copy', ...from, '--to-oci-layout', `${layout}:stable`);
      const pushed = await sandbox.push(layout, 'ours/copied');
      expect(pushed).toMatchObject({
        imageDigest: await findDigest('theirs/mychart', version),
        tags: [{ imageTag: '5.0.0-rc.1_build.2' }],
      });
      const pulled = sandbox.makeDirectory('pulled');
      const options = ['--plain-http', '--version', version, '--destination', pulled];
      await helm('pull', `oci://${sandbox.locate('ours/copied')}`, ...options);
      expect(readFileSync(join(pulled, `copied-${version}.tgz`)).equals(readFileSync(path))).toBe(true);
    });
  });

  test('Helm finds the newest version, shows it and renders it', async () => {
    const path = await write({
      'Chart.yaml':
        'apiVersion: v2\nname: mychart\nversion: 9.0.0\ndependencies: [{name: sub, version: 1.0.0}]\n',
      'values.yaml': 'shown: here\n',
      'templates/a.yaml': 'kind: A\nshown: {{ .Values.shown }}\n',
      'charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\n',
      'charts/sub/templates/b.yaml': 'kind: B\n',
    });
    expect(await pushOurs(path, '--verify')).toMatchObject({ status: 0 });
    const chart = `oci://${sandbox.locate('ours/any-name')}`;
    expect((await helm('show', 'chart', '--plain-http', chart)).stdout).toContain('version: 9.0.0');
    const rendered = (await helm('template', 'x', '--plain-http', chart)).stdout;
    expect(rendered).toContain('shown: here');
    expect(rendered).toContain('kind: B');
  });

  test('Helm installs it in a cluster, as far as a dry run goes', async () => {
    const path = await write({
      'Chart.yaml': 'apiVersion: v2\nname: mychart\nversion: 9.0.1\n',
      'values.yaml': 'shown: here\n',
      'templates/map.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {shown: "{{ .Values.shown }}"}\n',
    });
    expect(await pushOurs(path)).toMatchObject({ status: 0 });
    const chart = `oci://${sandbox.locate('ours/any-name')}`;
    const cluster = ['--kube-apiserver', `http://${await startCluster()}`, '--disable-openapi-validation'];
    const { stdout } = await helm('install', 'x', chart, '--plain-http', '--dry-run=server', ...cluster);
    expect(stdout).toContain('STATUS: pending-install');
    expect(stdout).toContain('data: {shown: "here"}');
  });
});

/** What Helm asks an empty cluster before it installs, by path. Source: the Kubernetes API. */
const CLUSTER: Readonly<Record<string, unknown>> = {
  '/version': { major: '1', minor: '34', gitVersion: 'v1.34.0' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      { name: 'configmaps', namespaced: true, kind: 'ConfigMap', verbs: ['get'] },
      { name: 'secrets', namespaced: true, kind: 'Secret', verbs: ['list'] },
    ],
  },
  '/api/v1/namespaces/default/secrets': { kind: 'SecretList', apiVersion: 'v1', metadata: {}, items: [] },
};

/** Starts a server that answers as an empty cluster does. Returns `HOST:PORT`. */
async function startCluster(): Promise<string> {
  const server = createServer((request, response) => {
    const answer = CLUSTER[(request.url ?? '').replace(/\?.*/, '')];
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    const missing = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
    response.end(JSON.stringify(answer ?? missing));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  // as: it listens on TCP.
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
