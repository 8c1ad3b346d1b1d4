import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../../../../src/emulator/storage/open-store.ts';
import { callApi, failApi } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';

const repositoryName = 'team/full';
const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [],
});
let emulator: TestEmulator;
let uploadId: string;
let dataDirectory: string;

// Filled beforehand without the API, which would take a thousand requests.
beforeAll(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'ecrp-test-'));
  const store = await openStore(dataDirectory);
  store.createRepository({ name: repositoryName, catalogData: {}, resourceTags: new Map() });
  for (let number = 0; number < 1000; number += 1) {
    store.putImage(repositoryName, {
      manifest: Buffer.from(manifest),
      mediaType: 'application/vnd.oci.image.index.v1+json',
      imageSizeInBytes: 0,
      blobs: [],
      manifests: [],
      tag: `v${number}`,
    });
  }
  ({ uploadId } = store.initiateUpload(repositoryName));
  for (let firstByte = 0; firstByte < 999; firstByte += 1) {
    const part = { firstByte, bytes: Buffer.from('x'), maximumParts: 1000 };
    expect((await store.appendPart(repositoryName, uploadId, part)).kind).toBe('appended');
  }
  await store.close();
  emulator = await startTestEmulator({ dataDirectory });
});

afterAll(async () => {
  await emulator.close();
  await rm(dataDirectory, { recursive: true });
});

test('an image with a thousand tags takes no more', async () => {
  const input = { repositoryName, imageManifest: manifest, imageTag: 'straw' };
  expect(await failApi(emulator, 'PutImage', input)).toEqual({
    __type: 'LimitExceededException',
    message: `Adding tag 'straw' to an image in the repository with name '${repositoryName}' in registry with id '${emulator.registryId}' exceeds the maximum allowed number of tags per image which is '1000'`,
  });
});

test('a layer takes a thousand parts and no more', async () => {
  const part = (byte: number) => ({
    repositoryName,
    uploadId,
    partFirstByte: byte,
    partLastByte: byte,
    layerPartBlob: 'eA==',
  });
  await callApi(emulator, 'UploadLayerPart', part(999));
  expect((await failApi(emulator, 'UploadLayerPart', part(1000))).__type).toBe('LimitExceededException');
});
