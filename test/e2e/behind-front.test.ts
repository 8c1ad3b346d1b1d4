import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { callApi } from '../support/call-api.ts';
import { patience, spawnCli } from '../support/cli.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { PRIVATE_ROOT, startReverseProxy } from '../support/tls-front.ts';
import { startWorkplace } from '../support/workplace.ts';

// The emulator behind a reverse proxy that terminates TLS. The forward proxy alone knows its name.

const host = 'registry.example.test';
const { home, emulator } = await startWorkplace({ allowedHosts: [host] });
const front = await startReverseProxy(Number(new URL(emulator.url).port));
const network = await startForwardProxy({ hosts: { [host]: front.port } });
afterAll(() => {
  network.close();
  front.close();
});
const env = {
  ...home.env,
  AWS_ACCESS_KEY_ID: emulator.accessKeyId,
  AWS_SECRET_ACCESS_KEY: emulator.secretAccessKey,
  AWS_ENDPOINT_URL_ECR_PUBLIC: `https://${host}`,
  ECRP_REGISTRY_HOST: host,
  HTTPS_PROXY: `http://${network.host}`,
  http_proxy: `http://${network.host}`,
  NODE_EXTRA_CA_CERTS: PRIVATE_ROOT,
};

async function ecrp(...argv: readonly string[]) {
  const result = await spawnCli([...argv, '--json'], { env }).ended;
  expect(result.status, result.stderr + result.stdout).toBe(0);
  return result.json();
}

test('an image is pushed raw, copied and pulled through TLS alone', patience, async () => {
  const raw = ['--transport', 'registry', '--create-repo', '--verify'];
  const pushed = await ecrp('push', locateArchive('docker-20.10-one.tar'), 'app:1.0', ...raw);
  const from = `${host}/${emulator.registryAlias}/app:1.0`;
  expect(pushed).toMatchObject({ transport: 'registry', verified: { manifests: 1 } });
  expect(pushed.reference).toContain(from);

  const copied = await ecrp('copy', from, 'copied:1.0', ...raw);
  expect(copied).toMatchObject({ transport: 'registry', imageDigest: pushed.imageDigest });
  const { imageDetails } = await callApi(emulator, 'DescribeImages', { repositoryName: 'copied' });
  expect(imageDetails?.map(({ imageDigest }) => imageDigest)).toEqual([pushed.imageDigest]);

  const directory = join(home.directory, 'pulled');
  const pulled = await ecrp('pull', from, directory);
  expect(pulled.imageDigest).toBe(pushed.imageDigest);
  const [, hex = ''] = String(pushed.imageDigest).split(':');
  expect(await readdir(join(directory, 'blobs/sha256'))).toContain(hex);

  expect(new Set(network.seen)).toEqual(new Set([`CONNECT ${host}:443`]));
});
