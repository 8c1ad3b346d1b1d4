import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliResult, runCli } from '../support/cli.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import { makeImage, makeIndex } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

const { home, emulator } = await startWorkplace();
const env = { ...home.env, ...emulator.env };
const uri = `${emulator.registryHost}/${emulator.registryAlias}/app`;

function ecrp(...argv: string[]): Promise<CliResult> {
  return runCli(argv, { env, cwd: home.directory });
}

const amd64 = await makeImage({ seed: 1, layers: [{}, { size: 2000 }] });
const arm64 = await makeImage({ seed: 2, layers: [{}], platform: { os: 'linux', architecture: 'arm64' } });
const index = makeIndex([amd64, arm64]);
const layout = join(home.directory, 'layout');
await writeOciLayout(layout, [index]);
await ecrp('push', layout, 'app:latest', '-t', '1.0', '--create-repo');

const sizeOf = (image: typeof amd64) =>
  image.config.length + image.layers.reduce((sum, { bytes }) => sum + bytes.length, 0);

describe('image describe', () => {
  it('shows the platforms of an index, with the config and layers of each', async () => {
    const { status, json } = await ecrp('image', 'describe', 'app', '--json');
    expect(status).toBe(0);
    expect(json()).toMatchObject({
      reference: `${uri}:latest`,
      repositoryName: 'app',
      imageDigest: index.descriptor.digest,
      imageManifestMediaType: index.descriptor.mediaType,
      manifests: [amd64, arm64].map((image) => ({
        imageDigest: image.descriptor.digest,
        imageManifestMediaType: image.descriptor.mediaType,
        platform: image.platform,
        imageSizeInBytes: sizeOf(image),
        config: { created: '2026-01-01T00:00:00Z', ...image.platform },
        layers: image.layers.map(({ descriptor }) => ({
          layerDigest: descriptor.digest,
          layerSize: descriptor.size,
          mediaType: descriptor.mediaType,
        })),
      })),
    });
    const { stdout } = await ecrp('image', 'describe', 'app:1.0');
    expect(stdout).toMatch(
      new RegExp(`^linux/arm64 +${arm64.descriptor.digest} .* 1 +2026-01-01T00:00:00Z$`, 'm'),
    );
  });

  it('shows the config and layers of an image, by digest', async () => {
    const reference = `app@${amd64.descriptor.digest}`;
    const { json } = await ecrp('image', 'describe', reference, '--json');
    expect(json()).toEqual({
      schemaVersion: 1,
      reference: `${uri}@${amd64.descriptor.digest}`,
      repositoryName: 'app',
      imageDigest: amd64.descriptor.digest,
      imageManifestMediaType: amd64.descriptor.mediaType,
      artifactMediaType: 'application/vnd.oci.image.config.v1+json',
      imageSizeInBytes: sizeOf(amd64),
      layers: expect.any(Array),
      config: {
        created: '2026-01-01T00:00:00Z',
        architecture: 'amd64',
        os: 'linux',
        env: ['PATH=/bin'],
        labels: { seed: '1' },
      },
    });
    const { stdout } = await ecrp('image', 'describe', reference);
    expect(stdout).toMatch(/^platform +linux\/amd64$/m);
    expect(stdout).toMatch(/^label +seed=1$/m);
    expect(stdout).toContain(amd64.layers[1]?.descriptor.digest);
  });

  it('needs no credentials where the reference names the registry', async () => {
    const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...anonymous } = env;
    const { status, json } = await runCli(['image', 'describe', `${uri}:1.0`, '--json'], { env: anonymous });
    expect(status).toBe(0);
    expect(json()).toMatchObject({ imageDigest: index.descriptor.digest });
  });

  it('fails for what is not there, and for a tag on another image than the digest', async () => {
    const missing = await ecrp('image', 'describe', 'app:2.0', '--json');
    expect(missing.json()).toMatchObject({ error: { code: 'NOT_FOUND' }, exitStatus: 5 });
    const other = await ecrp('image', 'describe', `app:1.0@${amd64.descriptor.digest}`, '--json');
    expect(other.json()).toMatchObject({ error: { code: 'CONFLICT' }, exitStatus: 6 });
  });
});
