import { createCipheriv, createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithClients } from './support/clients.ts';
import { Sandbox } from './support/sandbox.ts';
import { copyWithSkopeo, fetchWithSkopeo } from './support/skopeo.ts';

const MIB = 1024 * 1024;
const layerBytes = Number(process.env.ECRP_LARGE_LAYER_MIB ?? 64) * MIB;

interface Layout {
  readonly directory: string;
  readonly manifestDigest: string;
  readonly layerDigest: string;
}

/** Writes an OCI layout with one layer of noise. A client that only transfers a layer does not read its content. */
async function makeLayout(directory: string): Promise<Layout> {
  const blobs = join(directory, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const keep = (content: string | Buffer) => {
    const hex = createHash('sha256').update(content).digest('hex');
    writeFileSync(join(blobs, hex), content);
    return { digest: `sha256:${hex}`, size: Buffer.byteLength(content) };
  };
  const unnamed = join(directory, 'layer');
  await pipeline(makeNoise(), createWriteStream(unnamed));
  const layerDigest = await digestFile(unnamed);
  await pipeline(createReadStream(unnamed), createWriteStream(join(blobs, layerDigest.slice(7))));
  const rootfs = { type: 'layers', diff_ids: [layerDigest] };
  const config = keep(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs }));
  const manifest = keep(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: [
        { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layerDigest, size: layerBytes },
      ],
    }),
  );
  const entry = { mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest };
  writeFileSync(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return { directory, manifestDigest: manifest.digest, layerDigest };
}

function makeNoise(): Readable {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  const zeros = Buffer.alloc(MIB);
  return Readable.from(
    (function* () {
      for (let made = 0; made < layerBytes; made += MIB) yield cipher.update(zeros);
    })(),
  );
}

async function digestFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return `sha256:${hash.digest('hex')}`;
}

describeWithClients(`a layer of ${layerBytes / MIB} MiB`, ['skopeo'], () => {
  let sandbox: Sandbox;
  let layout: Layout;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    layout = await makeLayout(sandbox.makeDirectory('layout'));
  });
  afterAll(() => sandbox.close());

  async function expectWholeAt(reference: string): Promise<void> {
    const fetched = await fetchWithSkopeo(sandbox, reference);
    expect(await digestFile(join(fetched, 'manifest.json'))).toBe(layout.manifestDigest);
    expect(await digestFile(join(fetched, layout.layerDigest.slice(7)))).toBe(layout.layerDigest);
  }

  test('pushed by ecrp, pulled by skopeo', async () => {
    const pushed = await sandbox.push(layout.directory, 'large/ecrp:1');
    expect(pushed.imageDigest).toBe(layout.manifestDigest);
    await expectWholeAt('large/ecrp:1');
  });

  test('pushed and pulled by skopeo', async () => {
    await sandbox.ecrp('repo', 'create', 'large/skopeo');
    const password = (await sandbox.ecrp('token', '--password')).stdout.trim();
    const to = `docker://${sandbox.locate('large/skopeo:1')}`;
    await copyWithSkopeo(
      sandbox,
      `oci:${layout.directory}`,
      to,
      '--preserve-digests',
      '--dest-creds',
      `AWS:${password}`,
    );
    await expectWholeAt('large/skopeo:1');
  });
});
