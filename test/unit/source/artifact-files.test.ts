import { appendFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { openArtifactFiles } from '../../../src/source/artifact-files.ts';
import { collectBytes } from '../../../src/source/source-store.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeRandomBytes } from '../../support/images.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeTemporaryDirectory = useTemporaryDirectories();
const content = makeRandomBytes('artifact', 3 * 1024 * 1024 + 7);
const ref = { kind: 'digest', digest: digestOf(content), size: content.length } as const;

async function openOne() {
  const path = join(await makeTemporaryDirectory(), 'file');
  await writeFile(path, content);
  const files = [{ path, mediaType: 'text/plain', title: 'file' }];
  return { path, source: await openArtifactFiles({ artifactType: 'a/b', files, annotations: {} }) };
}

test('gives the bytes of a file from any byte, and those of its manifest and config', async () => {
  const { source } = await openOne();
  for (const start of [0, 1, 1024 * 1024, content.length]) {
    expect((await collectBytes(source.open(ref, start))).equals(content.subarray(start))).toBe(true);
  }
  const [image] = source.images;
  if (image?.kind !== 'manifest') throw new Error('no manifest');
  const { digest, size } = image.root;
  expect(digestOf(await collectBytes(source.open({ kind: 'digest', digest, size }, 0)))).toBe(digest);
  const config = { kind: 'digest', digest: digestOf('{}'), size: 2 } as const;
  expect((await collectBytes(source.open(config, 0))).toString()).toBe('{}');
  expect(source.has({ kind: 'digest', digest: digestOf('other'), size: 5 })).toBe(false);
  await source.close();
});

test('refuses a file that changes, or is replaced, before it is sent', async () => {
  const { path, source } = await openOne();
  await appendFile(path, 'more');
  expect(await catchError(() => collectBytes(source.open(ref, 0)))).toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('it changed while it was pushed'),
  });
  const other = await openOne();
  await writeFile(`${other.path}.new`, content);
  await rename(`${other.path}.new`, other.path);
  expect((await catchError(() => collectBytes(other.source.open(ref, 0)))).code).toBe('INVALID_INPUT');
});

test('stops reading when it is aborted', async () => {
  const path = join(await makeTemporaryDirectory(), 'file');
  await writeFile(path, content);
  const files = [{ path, mediaType: 'text/plain', title: 'file' }];
  const input = { artifactType: 'a/b', files, annotations: {} };
  const reason = new Error('stop');
  await expect(openArtifactFiles(input, AbortSignal.abort(reason))).rejects.toBe(reason);
});
