import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { EcrpError } from '../../../src/errors.ts';
import { parseConfig } from '../../../src/oci/config.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import { isIndex, isManifest } from '../../../src/oci/media-types.ts';
import { openSource } from '../../../src/source/open-source.ts';
import { readBlob } from '../../../src/source/source-blobs.ts';
import { locateArchive } from '../../support/archives.ts';
import { makeRandom } from '../../support/images.ts';
import { makeTarBlock } from '../../support/tar-blocks.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();

/** Reads all that a push reads; returns false when it ends with an `EcrpError`, and lets everything else through. */
async function tryRead(path: string, temporaryDirectory: string): Promise<boolean> {
  const spoolLimit = { bytes: 10_000_000, factor: 100 };
  try {
    const source = await openSource(path, { temporaryDirectory, spoolLimit });
    try {
      for (const image of source.images) {
        if (image.kind === 'damaged') throw image.error;
        if (image.kind === 'archive') {
          parseConfig(image.config);
          for (const { ref } of image.layers) for await (const _ of source.open(ref, 0));
        } else await readTree(source, image.root);
      }
      return true;
    } finally {
      await source.close();
    }
  } catch (error) {
    if (!(error instanceof EcrpError)) throw error;
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain(path);
    return false;
  }
}

async function readTree(source: Awaited<ReturnType<typeof openSource>>, root: Descriptor): Promise<void> {
  const manifest = parseManifest(await readBlob(source, root), root.mediaType, source.path);
  const blobs = manifest.kind === 'index' ? manifest.manifests : [manifest.config, ...manifest.layers];
  for (const blob of blobs) {
    if (isIndex(blob.mediaType) || isManifest(blob.mediaType)) await readTree(source, blob);
    else for await (const _ of source.open({ kind: 'digest', digest: blob.digest, size: blob.size }, 0));
  }
}

/** Damages some bytes; half of the time where headers or JSON are, and then with checksums made right again. */
function damage(original: Buffer, random: () => number): Buffer {
  const pick = (limit: number): number => Math.floor(random() * limit);
  const bytes = Buffer.from(original);
  const kind = pick(4);
  if (kind === 0) return bytes.subarray(0, pick(bytes.length));
  for (let count = 1 + pick(8); count > 0; count -= 1) {
    const at = pick(bytes.length);
    if (kind === 1) bytes[at] = pick(256);
    else if (kind === 2) bytes.copy(bytes, at, pick(bytes.length), bytes.length);
    else damageJson(bytes, at, pick);
  }
  return fixChecksums(bytes);
}

/** Replaces one character of a JSON document, as those are what the parsers look at. */
function damageJson(bytes: Buffer, at: number, pick: (limit: number) => number): void {
  const document = bytes.indexOf('":', at);
  const characters = '{}[]",:0123456789-.eE\\nulltrue \u0000';
  if (document !== -1) bytes.write(characters[pick(characters.length)] ?? ' ', document + pick(20), 'latin1');
}

/** Gives every block that still looks like a header its right checksum, so that damage gets past that check. */
function fixChecksums(bytes: Buffer): Buffer {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    if (bytes.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
    const block = bytes.subarray(at, at + 512);
    block.fill(' ', 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
  return bytes;
}

it.each([
  ['docker-20.10-one.tar', 1],
  ['docker-20.10-two-images.tar', 2],
  ['podman-docker-archive.tar', 3],
  ['skopeo-oci.tar', 4],
  ['skopeo-multi-oci.tar', 5],
])('a damaged %s is either read or refused', async (name, seed) => {
  const directory = await makeDirectory();
  const path = join(directory, name);
  const original = await readFile(locateArchive(name));
  const random = makeRandom(seed);
  const outcomes = { read: 0, refused: 0 };
  for (let round = 0; round < 200; round += 1) {
    const damaged = damage(original, random);
    await writeFile(path, random() < 0.1 ? gzipSync(damaged, { level: 1 }) : damaged);
    outcomes[(await tryRead(path, directory)) ? 'read' : 'refused'] += 1;
  }
  expect(outcomes.refused).toBeGreaterThan(20);
  expect(outcomes.read).toBeGreaterThan(5);
});

it('a damaged gzip is either read or refused', async () => {
  const directory = await makeDirectory();
  const path = join(directory, 'image.tar.gz');
  const original = await readFile(locateArchive('docker-20.10-one.tar.gz'));
  const random = makeRandom(6);
  let refused = 0;
  for (let round = 0; round < 100; round += 1) {
    const bytes = Buffer.from(original);
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    await writeFile(path, bytes);
    if (!(await tryRead(path, directory))) refused += 1;
  }
  expect(refused).toBeGreaterThan(80);
});

it('an archive cut short at any block is refused', async () => {
  const directory = await makeDirectory();
  const path = join(directory, 'image.tar');
  const original = await readFile(locateArchive('skopeo-oci.tar'));
  const end =
    original.length -
    original
      .subarray()
      .reverse()
      .findIndex((byte) => byte !== 0);
  for (let size = 0; size < end; size += 512) {
    await writeFile(path, original.subarray(0, size));
    expect(await tryRead(path, directory)).toBe(false);
  }
});

it('notices damage that only a checksum reveals (control of the test itself)', () => {
  const block = makeTarBlock({ name: 'x', checksumError: 5 });
  expect(fixChecksums(Buffer.from(block))).toEqual(makeTarBlock({ name: 'x' }));
});
