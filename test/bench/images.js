// Makes the images, once per work directory, each as an OCI layout, an OCI tar and a docker-archive.

import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFiles, makeLongFile, readSystemFiles } from './content.js';
import {
  describe,
  digestOf,
  formatConfig,
  formatManifest,
  KIB,
  LAYOUT_FILE,
  listMembers,
  MIB,
  makeLayers,
  TYPE,
  toBytes,
  toPath,
  writeTar,
} from './layers.js';
import { makePlatforms, makeTags } from './several.js';

/** Content bytes of each layer, and the function that makes its files from name, bytes, index and number of layers. */
export const IMAGES = {
  big: { layers: [600 * MIB], fill: makeFiles },
  many: { layers: Array(12).fill(20 * MIB), fill: makeFiles },
  small: { layers: [4 * KIB, 16 * KIB, 64 * KIB], fill: makeFiles },
  tiny: { layers: Array(60).fill(2 * KIB), fill: makeFiles },
  system: { layers: [600 * MIB], fill: readSystemFiles },
  'system-many': { layers: Array(12).fill(20 * MIB), fill: readSystemFiles },
  huge: { layers: Array(10).fill(1000 * MIB), fill: makeLongFile },
  // An index. Its images share `layers`, and each has one of its own. As a layout only.
  platforms: { layers: Array(4).fill(20 * MIB), own: Array(6).fill(8 * MIB), make: makePlatforms },
  // The same, but each image has a tag.
  tags: { layers: Array(3).fill(256 * KIB), own: Array(50).fill(16 * KIB), make: makeTags },
};

const FILES = { layout: 'layout', 'oci-tar': 'oci.tar', docker: 'docker.tar' };

/**
 * Makes an image unless the directory has it. Returns the paths of its forms. Unless it is several, also the digest of its config, and for each
 * layer the digests and sizes of its tar and of that tar after `gzip -6`.
 */
export async function provideImage(directory, name) {
  const place = join(directory, name);
  const facts = join(place, 'image.json');
  if (!existsSync(facts)) {
    await rm(place, { recursive: true, force: true });
    await mkdir(join(place, 'layout/blobs/sha256'), { recursive: true });
    const { make = makeImage, ...settings } = IMAGES[name];
    await writeFile(facts, JSON.stringify(await make(place, name, settings)));
  }
  const locate = (form) => join(place, FILES[form]);
  return { name, localName: `bench/${name}:v1`, locate, ...JSON.parse(readFileSync(facts, 'utf8')) };
}

async function makeImage(place, name, { layers: sizes, fill }) {
  const layers = await makeLayers(place, sizes, (index) =>
    fill(`${name}/${index}`, sizes[index], index, sizes.length),
  );
  const config = formatConfig(layers, { architecture: 'amd64', labels: { bench: name } });
  await writeLayout(place, config, layers);
  await writeDockerArchive(place, name, config, layers);
  await Promise.all(layers.map(({ tar }) => rm(tar)));
  const kept = layers.map(({ diffId, tarBytes, digest, size }) => ({ diffId, tarBytes, digest, size }));
  return { configDigest: digestOf(config), layers: kept };
}

async function writeLayout(place, config, layers) {
  const manifest = formatManifest(config, layers);
  const small = listMembers([config, manifest], [{ tag: 'v1', ...describe('manifest.v1+json', manifest) }]);
  for (const [path, bytes] of small) await writeFile(join(place, 'layout', path), bytes);
  const blobs = layers.map(({ digest }) => [toPath(digest), join(place, 'layout', toPath(digest))]);
  await writeTar(join(place, FILES['oci-tar']), [...blobs, ...small]);
}

/** Writes the form of `docker save` since version 25: an OCI layout of uncompressed layers, with a manifest.json. */
async function writeDockerArchive(place, name, config, layers) {
  const manifest = toBytes({
    schemaVersion: 2,
    mediaType: `${TYPE}.manifest.v1+json`,
    config: describe('config.v1+json', config),
    layers: layers.map(({ diffId, tarBytes }) => ({
      mediaType: `${TYPE}.layer.v1.tar`,
      digest: diffId,
      size: tarBytes,
    })),
  });
  const annotations = {
    'io.containerd.image.name': `docker.io/bench/${name}:v1`,
    'org.opencontainers.image.ref.name': 'v1',
  };
  const index = { schemaVersion: 2, manifests: [{ ...describe('manifest.v1+json', manifest), annotations }] };
  const archive = [
    {
      Config: toPath(digestOf(config)),
      RepoTags: [`bench/${name}:v1`],
      Layers: layers.map(({ diffId }) => toPath(diffId)),
    },
  ];
  await writeTar(join(place, FILES.docker), [
    ...layers.map(({ diffId, tar }) => [toPath(diffId), tar]),
    [toPath(digestOf(config)), config],
    [toPath(digestOf(manifest)), manifest],
    ['index.json', toBytes(index)],
    ['manifest.json', toBytes(archive)],
    ['oci-layout', LAYOUT_FILE],
  ]);
}
