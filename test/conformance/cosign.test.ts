import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { judgeRoundTrip } from './support/round-trip.ts';
import { Sandbox } from './support/sandbox.ts';

describeWithClients('cosign', ['cosign', 'tar'], () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    await sandbox.ecrp('login');
  });
  afterAll(() => sandbox.close());

  const cosign = async (command: string, ...options: readonly string[]): Promise<string> => {
    const program = requireClient('cosign');
    const given = [command, '--allow-http-registry', ...options];
    const result = await sandbox.tryRun(program, given, { env: { COSIGN_PASSWORD: '' } });
    expect(result, result.stderr).toMatchObject({ status: 0 });
    return result.stdout;
  };
  const save = async (reference: string): Promise<string> => {
    const path = join(sandbox.makeDirectory('saved'), 'layout');
    await cosign('save', '--dir', path, sandbox.locate(reference));
    return path;
  };

  test('signs an index and saves it; what ecrp pushes of that, it verifies', async () => {
    const { imageDigest } = await sandbox.push(locateArchive('skopeo-multi-oci.tar'), 'signed/app:1');
    const keys = ['generate-key-pair', '--output-key-prefix', 'key'];
    const made = await sandbox.tryRun(requireClient('cosign'), keys, { env: { COSIGN_PASSWORD: '' } });
    expect(made, made.stderr).toMatchObject({ status: 0 });
    const predicate = join(sandbox.directory, 'sbom.json');
    writeFileSync(predicate, '{"spdxVersion":"SPDX-2.3"}');
    const withKey = ['--yes', '--tlog-upload=false', '--key', 'key.key'];
    const image = sandbox.locate(`signed/app@${imageDigest}`);
    const sbom = ['--type', 'spdxjson'];
    await cosign('sign', ...withKey, image);
    await cosign('attest', ...withKey, ...sbom, '--predicate', predicate, image);

    const copied = 'copied/app:1';
    const pushed = await judgeRoundTrip(sandbox, await save('signed/app:1'), copied, () => save(copied));
    // The signature, the attestation, two images and their index.
    expect(pushed.manifests).toHaveLength(5);
    const check = ['--insecure-ignore-tlog', '--key', 'key.pub'];
    const [signature] = JSON.parse(await cosign('verify', ...check, sandbox.locate(copied)));
    expect(signature.critical.image).toEqual({ 'docker-manifest-digest': imageDigest });
    await cosign('verify-attestation', ...check, ...sbom, sandbox.locate(copied));
  });
});
