import { afterAll, beforeAll, expect, test } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { PRIVATE_ROOT, startReverseProxy } from '../support/tls-front.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { readFetched } from './support/image-facts.ts';
import { type PushResult, Sandbox } from './support/sandbox.ts';

// Both registries of the emulator behind a reverse proxy that terminates TLS. Clients of others trust its root, and know its names by a proxy.

const PUBLIC = 'registry.example.test';
const PRIVATE = 'private.example.test';

let sandbox: Sandbox;
let pushed: PushResult;
let env: Record<string, string>;

beforeAll(async () => {
  const names = [PUBLIC, PRIVATE].flatMap((name) => ['--allow-host', name]);
  sandbox = await Sandbox.start('--private-port', '0', ...names);
  const { url, privateUrl = '', privateRegistryHost } = sandbox.emulator;
  const [front, privateFront] = await Promise.all(
    [url, privateUrl].map((each) => startReverseProxy(Number(new URL(each).port))),
  );
  const hosts = { [PUBLIC]: front?.port ?? 0, [PRIVATE]: privateFront?.port ?? 0 };
  const network = await startForwardProxy({ hosts });
  for (const each of [network, front, privateFront]) sandbox.onClose(() => each?.close());
  env = {
    HTTPS_PROXY: `http://${network.host}`,
    HTTP_PROXY: 'http://127.0.0.1:1',
    SSL_CERT_FILE: PRIVATE_ROOT,
  };
  pushed = await sandbox.push(locateArchive('skopeo-multi-oci.tar'), 'app:1.0');
  await sandbox.push(locateArchive('docker-20.10-one.tar'), `${privateRegistryHost}/app:other`);
});
afterAll(() => sandbox.close());

/** Runs a client that must succeed. */
async function run(program: string, ...argv: readonly string[]): Promise<void> {
  const { status, stderr } = await sandbox.tryRun(program, argv, { env });
  expect(status, stderr).toBe(0);
}

describeWithClients('skopeo', ['skopeo'], () => {
  test('copies from one registry to the other and reads it back', async () => {
    const { privateRegistryHost = '' } = sandbox.emulator;
    const logIn = async (...hosts: readonly string[]) =>
      `AWS:${(await sandbox.ecrp('token', '--password', ...hosts)).stdout.trim()}`;
    const copy = (...argv: readonly string[]) =>
      run(requireClient('skopeo'), '--insecure-policy', 'copy', '--all', '--preserve-digests', ...argv);
    const from = `docker://${PUBLIC}/${sandbox.emulator.registryAlias}/app:1.0`;
    const to = `docker://${PRIVATE}/app:1.0`;
    const login = await logIn(privateRegistryHost);
    await copy('--src-creds', await logIn(), '--dest-creds', login, from, to);
    const directory = sandbox.makeDirectory('fetched');
    await copy('--src-creds', login, to, `dir:${directory}`);
    expect(readFetched(directory).rootDigest).toBe(pushed.imageDigest);
  });
});

describeWithClients('crane', ['crane'], () => {
  test('pulls and pushes', async () => {
    const crane = requireClient('crane');
    const from = `${PUBLIC}/${sandbox.emulator.registryAlias}/app:1.0`;
    await run(crane, 'validate', '--remote', from);
    const password = (await sandbox.ecrp('token', '--password')).stdout.trim();
    await run(crane, 'auth', 'login', PUBLIC, '--username', 'AWS', '--password', password);
    await run(crane, 'push', locateArchive('docker-20.10-one.tar'), from.replace('1.0', 'crane'));
  });
});
