import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { writeItems } from '../support/found.ts';
import { listArchiveItems, listLayoutItems } from '../support/image-writers.ts';
import { type GeneratedImage, makeIndex, packTar, type TarItem } from '../support/images.ts';
import { dropBase, makeWindowsImage } from '../support/windows-images.ts';
import { startWorkplace } from '../support/workplace.ts';

const { home, emulator } = await startWorkplace();

const FORMS = ['directory', 'file', 'gzipped file', 'pipe', 'gzipped pipe'] as const;
const REFERENCE_NAME = 'org.opencontainers.image.ref.name';
/** Over 1 MiB, so that a layer is sent while it arrives. */
const LARGE = 1_200_000;

let image: GeneratedImage;
let count = 0;
beforeAll(async () => {
  image = await makeWindowsImage({ seed: 1, baseBytes: LARGE });
});

/** Pushes the files in one of the forms that they can come in, into a repository of its own. */
async function push(
  items: readonly TarItem[],
  form: (typeof FORMS)[number],
  ...options: readonly string[]
): Promise<CliResult & { readonly repositoryName: string }> {
  count += 1;
  const repositoryName = `foreign/r${count}`;
  const path = join(home.directory, `foreign-${count}`);
  const tar = form === 'directory' ? Buffer.alloc(0) : await packTar(items);
  const bytes = form.startsWith('gzipped') ? gzipSync(tar) : tar;
  const isPiped = form.endsWith('pipe');
  if (form === 'directory') await writeItems(path, items);
  else if (!isPiped) await writeFile(path, bytes);
  const argv = ['push', isPiped ? '-' : path, `${repositoryName}:1`, '--create-repo', '--json', '--verify'];
  const env = { ...home.env, ...emulator.env };
  const result = await runCli([...argv, ...options], { env, ...(isPiped && { stdin: bytes }) });
  return { ...result, repositoryName };
}

/** Whether the repository has a layer of the image. */
async function hasLayer(repositoryName: string, position: number): Promise<boolean> {
  const layerDigests = [image.layers[position]?.descriptor.digest];
  const answer = await callApi(emulator, 'BatchCheckLayerAvailability', { repositoryName, layerDigests });
  return answer.layers?.[0]?.layerAvailability === 'AVAILABLE';
}

const layout = (): readonly TarItem[] => listLayoutItems([image], REFERENCE_NAME);

describe('a base layer that is in an OCI layout', () => {
  it.each(FORMS)('stays there, and a note says so: %s', async (form) => {
    const { repositoryName, ...result } = await push(layout(), form);
    expect(result.json(), result.stderr).toMatchObject({
      imageDigest: image.descriptor.digest,
      layers: { total: 3, uploaded: 2, skipped: 1 },
    });
    expect(result.stderr).toMatch(
      /^1 foreign layer left out, which clients fetch from the publisher: --foreign-layers uploads it\.$/m,
    );
    expect([await hasLayer(repositoryName, 0), await hasLayer(repositoryName, 1)]).toEqual([false, true]);
  });

  it.each(FORMS)('is uploaded with --foreign-layers: %s', async (form) => {
    const { repositoryName, ...result } = await push(layout(), form, '--foreign-layers');
    expect(result.json(), result.stderr).toMatchObject({
      imageDigest: image.descriptor.digest,
      layers: { total: 3, uploaded: 3, skipped: 0 },
      verified: { blobs: 3 },
    });
    expect(result.stderr).not.toContain('foreign layer');
    expect(await hasLayer(repositoryName, 0)).toBe(true);
  });

  it('is sent once, when asked for', async () => {
    const path = join(home.directory, 'twice');
    await writeItems(path, layout());
    const env = { ...home.env, ...emulator.env };
    const argv = ['push', path, 'foreign/twice:1', '--create-repo', '--json'];
    expect((await runCli(argv, { env })).json()).toMatchObject({ layers: { uploaded: 2, skipped: 1 } });
    const asked = [...argv, '--foreign-layers'];
    expect((await runCli(asked, { env })).json()).toMatchObject({ layers: { uploaded: 1, existing: 2 } });
    expect((await runCli(asked, { env })).json()).toMatchObject({ layers: { uploaded: 0, existing: 3 } });
  });
});

describe('a base layer that the source lacks', () => {
  it('is left out with a note', async () => {
    const { repositoryName, ...result } = await push(dropBase(image, layout()), 'file');
    expect(result.json()).toMatchObject({ layers: { uploaded: 2, skipped: 1 } });
    expect(result.stderr).toContain('the publisher: the source lacks it.');
    expect(await hasLayer(repositoryName, 0)).toBe(false);
  });

  it('is left out with a warning when it is asked for', async () => {
    const { stderr, json, status } = await push(dropBase(image, layout()), 'file', '--foreign-layers');
    expect(status).toBe(0);
    expect(json()).toMatchObject({ layers: { uploaded: 2, skipped: 1 } });
    expect(stderr).toMatch(/^warning: 1 foreign layer left out, .*: the source lacks it$/m);
  });

  it('may be one of two', async () => {
    const other = await makeWindowsImage({ seed: 2, osVersion: '10.0.20348.1' });
    const items = listLayoutItems([makeIndex([image, other])], REFERENCE_NAME);
    const left = await push(dropBase(other, items), 'file');
    expect(left.json()).toMatchObject({ layers: { skipped: 2 } });
    expect(left.stderr).toContain('2 foreign layers left out');
    expect(left.stderr).toContain('--foreign-layers uploads 1 of them.');
    const sent = await push(dropBase(other, items), 'file', '--foreign-layers');
    expect(sent.json()).toMatchObject({ layers: { skipped: 1 } });
  });
});

describe("an archive of containerd's store, which lists the base layer but lacks it", () => {
  // Source: moby, daemon/containerd/image_exporter.go.
  it.each(FORMS.slice(1))('keeps its manifest: %s', async (form) => {
    const items = dropBase(image, listArchiveItems([image], 'hybrid-packed'));
    const result = await push(items, form);
    expect(result.json(), result.stderr).toMatchObject({
      imageDigest: image.descriptor.digest,
      layers: { total: 3, uploaded: 2, skipped: 1 },
    });
    expect(result.stderr).toContain('the source lacks it');
  });
});

describe('which layers are foreign', () => {
  const docker = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
  const gzip = 'application/vnd.oci.image.layer.v1.tar+gzip';
  it.each([
    ["of Docker's type, with URLs", { baseType: docker }, 1],
    ['of an ordinary type, with URLs', { baseType: gzip }, 0],
    // Nobody else serves it.
    ["of Docker's type, without URLs", { baseType: docker, urls: [] }, 0],
  ])('%s', async (_, spec, skipped) => {
    const made = await makeWindowsImage({ seed: 3, ...spec });
    const result = await push(listLayoutItems([made], REFERENCE_NAME), 'directory');
    expect(result.json(), result.stderr).toMatchObject({ layers: { total: 3, skipped } });
  });
});

describe('a docker-archive', () => {
  /** Its manifest.json as Docker for Windows writes it. */
  const listSaved = (change: (source: object) => unknown = (source) => source): readonly TarItem[] => {
    const base = image.layers[0];
    const items = listArchiveItems([image], 'legacy-symlink');
    return items.map((item) => {
      if (item.name !== 'manifest.json' || base === undefined) return item;
      const [only] = JSON.parse(String(item.content));
      const LayerSources = {
        [base.diffId]: change({
          ...base.descriptor,
          mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
        }),
      };
      return { ...item, content: Buffer.from(JSON.stringify([{ ...only, LayerSources }])) };
    });
  };
  const readManifest = async (repositoryName: string): Promise<unknown> => {
    const { registryHost, registryAlias } = emulator;
    // as: of the token endpoint
    const { token } = (await (await fetch(`http://${registryHost}/token/`)).json()) as { token: string };
    const answer = await fetch(`http://${registryHost}/v2/${registryAlias}/${repositoryName}/manifests/1`, {
      headers: { authorization: `Bearer ${token}`, accept: '*/*' },
    });
    return answer.json();
  };

  it.each(FORMS.slice(1))('names its base layer by the URLs, as docker push does: %s', async (form) => {
    const { repositoryName, ...result } = await push(listSaved(), form);
    expect(result.json(), result.stderr).toMatchObject({ layers: { total: 3, uploaded: 2, skipped: 1 } });
    expect(result.stderr).toContain('--foreign-layers uploads it');
    const base = image.layers[0]?.descriptor;
    expect(await readManifest(repositoryName)).toMatchObject({
      layers: [
        {
          mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
          digest: base?.digest,
          size: base?.size,
          urls: base?.urls,
        },
        { mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' },
      ],
    });
    expect(await hasLayer(repositoryName, 0)).toBe(false);
  });

  it('names it by the type of OCI with --format oci', async () => {
    const { repositoryName } = await push(listSaved(), 'file', '--format', 'oci');
    const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
    expect(await readManifest(repositoryName)).toMatchObject({ layers: [{ mediaType }, {}] });
  });

  it.each(FORMS.slice(1))('sends it like any other layer with --foreign-layers: %s', async (form) => {
    const { repositoryName, ...result } = await push(listSaved(), form, '--foreign-layers');
    expect(result.json(), result.stderr).toMatchObject({ layers: { total: 3, uploaded: 3, skipped: 0 } });
    const { layers } = (await readManifest(repositoryName)) as { layers: object[] }; // as: of a manifest
    expect(layers[0]).not.toHaveProperty('urls');
    expect(layers[0]).toMatchObject({ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' });
  });

  it.each([
    [
      'of an ordinary type',
      (source: object) => ({ ...source, mediaType: 'application/vnd.oci.image.layer.v1.tar' }),
    ],
    ['without URLs', (source: object) => ({ ...source, urls: null })],
    ['that is no object', () => 7],
  ])('a source %s does not make it foreign', async (_, change) => {
    const result = await push(listSaved(change), 'file');
    expect(result.json(), result.stderr).toMatchObject({ layers: { uploaded: 3, skipped: 0 } });
  });

  it('is refused for a source with URLs but no digest', async () => {
    const result = await push(
      listSaved((source) => ({ ...source, digest: '../../etc' })),
      'file',
    );
    expect(result.status).toBe(3);
    expect(result.json().error).toMatchObject({ message: expect.stringContaining('LayerSources') });
  });
});
