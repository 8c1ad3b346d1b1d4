// Images that share layers: those of an index, and those of the tags of a repository. Each is an OCI layout.

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFiles } from './content.js';
import { describe, formatConfig, formatManifest, listMembers, makeLayers, TYPE, toBytes } from './layers.js';

const ARCHITECTURES = ['amd64', 'arm64', 'ppc64le', 's390x', 'riscv64', '386'];

/** Makes an index of images for several platforms, tagged v1. */
export async function makePlatforms(place, name, settings) {
  const { documents, images } = await makeSeveral(place, name, settings);
  const manifests = images.map(({ descriptor, architecture }) => ({
    ...descriptor,
    platform: { architecture, os: 'linux' },
  }));
  const index = toBytes({ schemaVersion: 2, mediaType: `${TYPE}.index.v1+json`, manifests });
  await writeMembers(place, [...documents, index], [{ tag: 'v1', ...describe('index.v1+json', index) }]);
  return { tags: ['v1'] };
}

/** Makes images that are tagged v1, v2 and so on. */
export async function makeTags(place, name, settings) {
  const { documents, images } = await makeSeveral(place, name, settings);
  const roots = images.map(({ descriptor }, index) => ({ tag: `v${index + 1}`, ...descriptor }));
  await writeMembers(place, documents, roots);
  return { tags: roots.map(({ tag }) => tag) };
}

async function makeSeveral(place, name, { layers: sharedSizes, own }) {
  const sizes = [...sharedSizes, ...own];
  const layers = await makeLayers(place, sizes, (index) => makeFiles(`${name}/${index}`, sizes[index]));
  await Promise.all(layers.map(({ tar }) => rm(tar)));
  const shared = layers.slice(0, sharedSizes.length);
  const made = layers.slice(sharedSizes.length).map((layer, index) => {
    const architecture = ARCHITECTURES[index % ARCHITECTURES.length];
    const config = formatConfig([...shared, layer], { architecture, labels: { bench: `${name}/${index}` } });
    const manifest = formatManifest(config, [...shared, layer]);
    return {
      architecture,
      documents: [config, manifest],
      descriptor: describe('manifest.v1+json', manifest),
    };
  });
  return { documents: made.flatMap(({ documents }) => documents), images: made };
}

async function writeMembers(place, documents, roots) {
  for (const [path, bytes] of listMembers(documents, roots))
    await writeFile(join(place, 'layout', path), bytes);
}
