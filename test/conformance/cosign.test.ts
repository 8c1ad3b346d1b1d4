import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { PrivateRegistry } from './support/private-registry.ts';
import { judgeRoundTrip } from './support/round-trip.ts';
import { Sandbox } from './support/sandbox.ts';
import { copyWithSkopeo } from './support/skopeo.ts';

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

describeWithClients('cosign and private ECR', ['cosign', 'skopeo', 'tar'], () => {
  test('signs and verifies an image; in a repository with immutable tags, it cannot add a signature', async () => {
    const registry = await PrivateRegistry.start();
    onTestFinished(() => registry.sandbox.close());
    const { sandbox, host, password } = registry;
    const cosign = (command: string, ...options: readonly string[]) =>
      sandbox.tryRun(requireClient('cosign'), [command, ...options], { env: { COSIGN_PASSWORD: '' } });
    const succeed = async (command: string, ...options: readonly string[]): Promise<string> => {
      const ended = await cosign(command, ...options);
      expect(ended, ended.stderr).toMatchObject({ status: 0 });
      return ended.stdout;
    };
    const name = await registry.create('signed/app', { imageTagMutability: 'IMMUTABLE' });
    const source = `oci-archive:${locateArchive('skopeo-multi-oci.tar')}`;
    const options = ['--all', '--preserve-digests', '--dest-creds', `AWS:${password}`];
    await copyWithSkopeo(sandbox, source, `docker://${registry.locate(`${name}:1`)}`, ...options);
    const digest = (await registry.findDigest(name, '1')) ?? '';
    await succeed('login', host, '--username', 'AWS', '--password', password);
    await succeed('generate-key-pair', '--output-key-prefix', 'key');
    const image = registry.locate(`${name}@${digest}`);
    const sign = ['--allow-http-registry', '--yes', '--tlog-upload=false', '--key', 'key.key', image];
    await succeed('sign', ...sign);
    const verify = ['--allow-http-registry', '--insecure-ignore-tlog', '--key', 'key.pub', image];
    const [signature] = JSON.parse(await succeed('verify', ...verify));
    expect(signature.critical.image).toEqual({ 'docker-manifest-digest': digest });
    // The signatures of an image are in one manifest, whose tag would have to move.
    const again = await cosign('sign', '--annotations', 'by=another', ...sign);
    expect(again.status).not.toBe(0);
    expect(again.stderr).toContain('TAG_INVALID');
    expect(again.stderr).toContain('cannot be overwritten because the tag is immutable');
  });
});
