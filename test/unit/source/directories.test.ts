import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { BlobRef } from '../../../src/ends/image-source.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { openCompressedFile } from '../../../src/source/byte-file.ts';
import { openSource } from '../../../src/source/open-source.ts';
import { readBlob } from '../../../src/source/source-blobs.ts';
import { collectBytes } from '../../../src/source/source-store.ts';
import { catchError } from '../../support/catch-error.ts';
import { writeOciLayout, writeOciTar } from '../../support/image-writers.ts';
import { makeImage } from '../../support/images.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
const image = await makeImage({ seed: 11, layers: [{ size: 3_000_000 }] });
const [layer] = image.layers;
if (layer === undefined) throw new Error('no layer');
const { digest, size } = layer.descriptor;
const ref = { kind: 'digest', digest, size } satisfies BlobRef;

let directory: string;
let layout: string;
let blob: string;

beforeEach(async () => {
  directory = await makeDirectory();
  layout = join(directory, 'layout');
  blob = join(layout, 'blobs', 'sha256', ref.digest.slice(7));
  await writeOciLayout(layout, [image]);
});

async function refuseLayer(): Promise<string> {
  const source = await openSource(layout, { temporaryDirectory: directory });
  const error = await catchError(() => collectBytes(source.open(ref, 0)));
  expect(error).toMatchObject({ code: 'INVALID_INPUT', hint: expect.any(String) });
  expect(error.message).toContain(ref.digest.slice(7));
  return error.message;
}

describe.skipIf(process.platform === 'win32')('links and special files in a layout', () => {
  it('a blob that is a symbolic link, inside or out, is read from any byte', async () => {
    for (const place of [join(directory, 'outside'), join(layout, 'inside')]) {
      await rename(blob, place);
      await symlink(place, blob);
      const source = await openSource(layout, { temporaryDirectory: directory });
      for (const start of [0, 1, 2_000_000, size]) {
        const bytes = await collectBytes(source.open(ref, start));
        expect(bytes.equals(layer.bytes.subarray(start))).toBe(true);
      }
      await rm(blob);
      await rename(place, blob);
    }
  });

  it('folders that are links to the outside', async () => {
    await rename(join(layout, 'blobs'), join(directory, 'blobs'));
    await symlink('../blobs', join(layout, 'blobs'));
    const source = await openSource(layout, { temporaryDirectory: directory });
    expect(digestOf(await collectBytes(source.open(ref, 0)))).toBe(digest);
    const wrong = Buffer.from(layer.bytes);
    wrong[100] = 1 + (wrong[100] ?? 0);
    await writeFile(join(directory, 'blobs', 'sha256', digest.slice(7)), wrong);
    expect(await refuseLayer()).toContain(digestOf(wrong));
  });

  it('a link to another file of the same length gives no byte of it', async () => {
    const secret = Buffer.alloc(size, 's');
    await writeFile(join(directory, 'secret'), secret);
    await rm(blob);
    await symlink(join(directory, 'secret'), blob);
    const source = await openSource(layout, { temporaryDirectory: directory });
    for (const start of [0, 1_500_000]) {
      let given = 0;
      const error = await catchError(async () => {
        for await (const chunk of source.open(ref, start)) given += chunk.length;
      });
      expect(error.message).toMatch(/it is a link to a file with another digest, sha256:[a-f0-9]{64}/);
      expect(given).toBe(0);
    }
  });

  it('a link that changes after its check is checked again', async () => {
    await rename(blob, join(directory, 'outside'));
    await symlink(join(directory, 'outside'), blob);
    const source = await openSource(layout, { temporaryDirectory: directory });
    expect(digestOf(await collectBytes(source.open(ref, 0)))).toBe(digest);
    await writeFile(join(directory, 'secret'), Buffer.alloc(size, 's'));
    await rm(blob);
    await symlink(join(directory, 'secret'), blob);
    const error = await catchError(() => collectBytes(source.open(ref, 0)));
    expect(error.message).toMatch(/another digest/);
  });

  it.each([
    ['nowhere', 'none', /is missing/],
    ['to a folder', '.', /not a regular file/],
    ['to a device', '/dev/zero', /not a regular file/],
    ['to itself', digest.slice(7), /too many symbolic links/],
  ])('a link %s', async (_, target, message) => {
    await rm(blob);
    await symlink(target, blob);
    expect(await refuseLayer()).toMatch(message);
  });

  it('folders that form a circle', async () => {
    await rm(join(layout, 'blobs'), { recursive: true });
    await symlink('blobs', join(layout, 'blobs'));
    expect(await refuseLayer()).toMatch(/too many symbolic links/);
  });

  it('a blob that is a directory or a FIFO', async () => {
    await rm(blob);
    await mkdir(blob);
    expect(await refuseLayer()).toMatch(/not a regular file/);
    await rm(blob, { recursive: true });
    execFileSync('mkfifo', [blob]);
    expect(await refuseLayer()).toMatch(/not a regular file/);
  });

  it('reads a layout through a symbolic link', async () => {
    await symlink('layout', join(directory, 'link'));
    const source = await openSource(join(directory, 'link'), { temporaryDirectory: directory });
    expect(digestOf(await collectBytes(source.open(ref, 0)))).toBe(ref.digest);
  });

  it('refuses a FIFO as a source without waiting for its writer', async () => {
    const path = join(directory, 'fifo');
    execFileSync('mkfifo', [path]);
    const error = await catchError(() => openSource(path, { temporaryDirectory: directory }));
    expect(error.message).toBe(`${path}: not a regular file`);
  });

  it.skipIf(process.getuid?.() === 0)('a file that may not be read', async () => {
    const path = join(directory, 'image.tar');
    await writeFile(path, '');
    await chmod(path, 0);
    const error = await catchError(() => openSource(path, { temporaryDirectory: directory }));
    expect(error.message).toMatch(/: permission denied$/);
  });
});

describe('missing and incomplete sources', () => {
  it('a path that does not exist', async () => {
    for (const path of [join(directory, 'none'), join(blob, 'none')]) {
      const error = await catchError(() => openSource(path, { temporaryDirectory: directory }));
      expect(error.code).toBe('INVALID_INPUT');
      expect(error.message).toBe(`${path}: no such file or directory`);
    }
  });

  it('a directory that is not a layout', async () => {
    const error = await catchError(() => openSource(directory, { temporaryDirectory: directory }));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toMatch(/a directory without oci-layout and index.json/);
    expect(error.hint).toMatch(/docker save/);
  });

  it('a blob that is missing or of another size', async () => {
    await truncate(blob, ref.size - 1);
    expect(await refuseLayer()).toContain(`should be ${ref.size} bytes long, but is ${ref.size - 1}`);
    await rm(blob);
    expect(await refuseLayer()).toMatch(/is missing/);
  });
});

describe.skipIf(process.platform !== 'linux')('what cannot be read', () => {
  it.each([
    ['/proc/self/mem', /^\/proc\/self\/mem: read error \(EIO\)$/],
    ['/dev/null', /^\/dev\/null: not a regular file$/],
    ['/dev/zero', /^\/dev\/zero: not a regular file$/],
    [`/${'x'.repeat(300)}`, /: the name is too long for a file$/],
    ['/proc/self/mem/none', /: no such file or directory$/],
  ])('is an error about the file: %s', async (path, message) => {
    for (const open of [
      () => openSource(path, { temporaryDirectory: directory }),
      () => openCompressedFile(path),
    ]) {
      const error = await Promise.resolve(open()).then(
        () => undefined,
        (problem: unknown) => problem,
      );
      if (error === undefined) expect(open.toString()).toContain('openCompressedFile');
      else expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringMatching(message) });
    }
  });

  it('links that form a circle', async () => {
    const path = join(directory, 'circle');
    await symlink('circle', path);
    const error = await catchError(() => openCompressedFile(path));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', hint: expect.any(String) });
    expect(error.message).toBe(`${path}: too many symbolic links on the way to it`);
  });
});

describe('a source that changes while it is read', () => {
  it.each(['layout', 'image.tar'])('a blob cut short while it is read (%s)', async (name) => {
    const path = name === 'layout' ? layout : join(directory, name);
    if (name !== 'layout') await writeOciTar(path, [image]);
    const source = await openSource(path, { temporaryDirectory: directory });
    const error = await catchError(async () => {
      for await (const chunk of source.open(ref, 0)) {
        expect(chunk.length).toBeLessThan(ref.size);
        await truncate(name === 'layout' ? blob : path, 100_000);
      }
    });
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toMatch(/it changed while it was read/);
    await source.close();
  });

  it('a tar written again after it was opened', async () => {
    const path = join(directory, 'image.tar');
    await writeOciTar(path, [image]);
    const source = await openSource(path, { temporaryDirectory: directory });
    await utimes(path, 1, 1);
    const error = await catchError(() => collectBytes(source.open(ref, 0)));
    expect(error.message).toBe(`${path}: it changed while it was read`);
    await source.close();
  });
});

describe('readBlob', () => {
  it('reads manifests and configs', async () => {
    const source = await openSource(layout, { temporaryDirectory: directory });
    expect(await readBlob(source, image.descriptor)).toEqual(image.manifest);
  });

  it('names both digests if they differ', async () => {
    const wrong = Buffer.from(image.manifest);
    wrong[10] = 0x21;
    await writeFile(join(layout, 'blobs', 'sha256', image.descriptor.digest.slice(7)), wrong);
    const source = await openSource(layout, { temporaryDirectory: directory });
    const error = await catchError(() => readBlob(source, image.descriptor));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain(image.descriptor.digest);
    expect(error.message).toContain(digestOf(wrong));
    expect(error.message).toContain(layout);
  });

  it('refuses a blob that is too long before reading it', async () => {
    const source = await openSource(layout, { temporaryDirectory: directory });
    for (const mediaType of [OCI_MANIFEST, 'application/vnd.oci.image.config.v1+json']) {
      const descriptor = { ...image.descriptor, mediaType, size: 9 * 1024 * 1024 };
      const error = await catchError(() => readBlob(source, descriptor));
      expect(error.message).toMatch(/descriptor says 9437184 bytes, more than/);
    }
  });
});
