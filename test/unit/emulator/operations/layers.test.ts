import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CHOICES } from '../../../../src/emulator/choices.ts';
import { callApi, failApi } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import { sha256, uploadBlob } from '../../../support/push-by-hand.ts';

const MIB = 1024 * 1024;
let emulator: TestEmulator;
let repositoryName: string;
let uploadId: string;

beforeAll(async () => {
  emulator = await startTestEmulator();
});

afterAll(() => emulator.close());

beforeEach(async () => {
  repositoryName = `team/app-${randomUUID()}`;
  await callApi(emulator, 'CreateRepository', { repositoryName });
  ({ uploadId = '' } = await callApi(emulator, 'InitiateLayerUpload', { repositoryName }));
});

function part(start: number, bytes: Buffer) {
  return {
    repositoryName,
    uploadId,
    partFirstByte: start,
    partLastByte: start + bytes.length - 1,
    layerPartBlob: bytes.toString('base64'),
  };
}

function complete(digest: string) {
  return { repositoryName, uploadId, layerDigests: [digest] };
}

test('a blob of three parts, its registry named by alias', async () => {
  const registryId = emulator.registryAlias;
  const bytes = Buffer.alloc(11 * MIB, 'some bytes');
  expect(await callApi(emulator, 'InitiateLayerUpload', { repositoryName, registryId })).toEqual({
    uploadId: expect.any(String),
    partSize: 10 * MIB,
  });
  for (const [start, end] of [
    [0, 5 * MIB],
    [5 * MIB, 10 * MIB],
    [10 * MIB, 11 * MIB],
  ] as const) {
    const sent = { ...part(start, bytes.subarray(start, end)), registryId };
    expect(await callApi(emulator, 'UploadLayerPart', sent)).toEqual({
      registryId: emulator.registryId,
      repositoryName,
      uploadId,
      lastByteReceived: end - 1,
    });
  }
  expect(await callApi(emulator, 'CompleteLayerUpload', { ...complete(sha256(bytes)), registryId })).toEqual({
    registryId: emulator.registryId,
    repositoryName,
    uploadId,
    layerDigest: sha256(bytes),
  });
  const { layers } = await callApi(emulator, 'BatchCheckLayerAvailability', {
    repositoryName,
    registryId,
    layerDigests: [sha256(bytes)],
  });
  expect(layers).toEqual([
    { layerDigest: sha256(bytes), layerAvailability: 'AVAILABLE', layerSize: bytes.length },
  ]);
});

describe('a part that is not consecutive', () => {
  test('names the last valid byte', async () => {
    const bytes = Buffer.from('0123456789');
    await callApi(emulator, 'UploadLayerPart', part(0, bytes));
    for (const start of [0, 5, 11]) {
      expect(await failApi(emulator, 'UploadLayerPart', part(start, bytes))).toEqual({
        __type: 'InvalidLayerPartException',
        message: `First byte of the layer part is ${start} instead of 10`,
        registryId: emulator.registryId,
        repositoryName,
        uploadId,
        lastValidByteReceived: 9,
      });
    }
  });

  test('names no last valid byte before the first part', async () => {
    const error = await failApi(emulator, 'UploadLayerPart', part(1, Buffer.from('x')));
    expect(error.message).toBe('First byte of the layer part is 1 instead of 0');
    expect(error).not.toHaveProperty('lastValidByteReceived');
  });

  test.each([
    ['shorter than its bytes', 0, 1],
    ['longer than its bytes', 0, 3],
    ['backwards', 3, 0],
  ])('or is %s', async (_name, partFirstByte, partLastByte) => {
    const sent = { ...part(0, Buffer.from('abc')), partFirstByte, partLastByte };
    expect((await failApi(emulator, 'UploadLayerPart', sent)).__type).toBe('InvalidLayerPartException');
  });

  test('or is empty', async () => {
    const sent = { ...part(0, Buffer.alloc(0)), partFirstByte: 1, partLastByte: 0 };
    expect((await failApi(emulator, 'UploadLayerPart', sent)).__type).toBe('InvalidLayerPartException');
  });
});

test('one of several concurrent parts is accepted, and the bytes are complete', async () => {
  const bytes = Buffer.alloc(MIB, 'concurrent');
  const outcomes = await Promise.allSettled(
    Array.from({ length: 4 }, () => callApi(emulator, 'UploadLayerPart', part(0, bytes))),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await callApi(emulator, 'CompleteLayerUpload', complete(sha256(bytes)));
});

describe('completing', () => {
  test('without a part', async () => {
    expect(await failApi(emulator, 'CompleteLayerUpload', complete(sha256('')))).toEqual({
      __type: 'EmptyUploadException',
      message: `The upload with id '${uploadId}' in the repository with name '${repositoryName}' in registry with id '${emulator.registryId}' cannot be completed because it does not have any parts`,
    });
  });

  test('with a part below 5 MiB that is not the last', async () => {
    await callApi(emulator, 'UploadLayerPart', part(0, Buffer.alloc(5 * MIB - 1)));
    await callApi(emulator, 'UploadLayerPart', part(5 * MIB - 1, Buffer.alloc(1)));
    expect(await failApi(emulator, 'CompleteLayerUpload', complete(sha256('')))).toEqual({
      __type: 'LayerPartTooSmallException',
      message: 'All layer parts except the last part should be at least 5MB',
    });
  });

  test('with another digest, then with the right one among several', async () => {
    await callApi(emulator, 'UploadLayerPart', part(0, Buffer.from('abc')));
    expect(await failApi(emulator, 'CompleteLayerUpload', complete(sha256('abd')))).toEqual({
      __type: 'InvalidLayerException',
      message: 'None of the provided layer digests match the calculated layer digest',
    });
    const layerDigests = [`sha512:${'0'.repeat(128)}`, sha256('abc')];
    const { layerDigest } = await callApi(emulator, 'CompleteLayerUpload', {
      repositoryName,
      uploadId,
      layerDigests,
    });
    expect(layerDigest).toBe(sha256('abc'));
  });

  test('an existing layer', async () => {
    const digest = await uploadBlob(emulator, repositoryName, Buffer.from('abc'));
    await callApi(emulator, 'UploadLayerPart', part(0, Buffer.from('abc')));
    expect(await failApi(emulator, 'CompleteLayerUpload', complete(digest))).toEqual({
      __type: 'LayerAlreadyExistsException',
      message: CHOICES.layerAlreadyExistsText.value(digest, repositoryName, emulator.registryId),
    });
  });

  test('twice, and an upload of another repository', async () => {
    await callApi(emulator, 'UploadLayerPart', part(0, Buffer.from('abc')));
    await callApi(emulator, 'CreateRepository', { repositoryName: `${repositoryName}2` });
    const elsewhere = { ...complete(sha256('abc')), repositoryName: `${repositoryName}2` };
    expect((await failApi(emulator, 'CompleteLayerUpload', elsewhere)).__type).toBe(
      'UploadNotFoundException',
    );
    await callApi(emulator, 'CompleteLayerUpload', complete(sha256('abc')));
    expect((await failApi(emulator, 'CompleteLayerUpload', complete(sha256('abc')))).__type).toBe(
      'UploadNotFoundException',
    );
    expect((await failApi(emulator, 'UploadLayerPart', part(3, Buffer.from('d')))).__type).toBe(
      'UploadNotFoundException',
    );
  });
});

test('availability: known, unknown, malformed and empty digests, separate for each repository', async () => {
  const digest = await uploadBlob(emulator, repositoryName, Buffer.from('abc'));
  const layerDigests = [digest, sha256('abd'), 'sha256:no', ''];
  expect(await callApi(emulator, 'BatchCheckLayerAvailability', { repositoryName, layerDigests })).toEqual({
    layers: [
      { layerDigest: digest, layerAvailability: 'AVAILABLE', layerSize: 3 },
      { layerDigest: sha256('abd'), layerAvailability: 'UNAVAILABLE' },
    ],
    failures: [
      { layerDigest: 'sha256:no', failureCode: 'InvalidLayerDigest', failureReason: expect.any(String) },
      { layerDigest: '', failureCode: 'MissingLayerDigest', failureReason: expect.any(String) },
    ],
  });
  await callApi(emulator, 'CreateRepository', { repositoryName: `${repositoryName}3` });
  const { layers } = await callApi(emulator, 'BatchCheckLayerAvailability', {
    repositoryName: `${repositoryName}3`,
    layerDigests: [digest],
  });
  expect(layers).toEqual([{ layerDigest: digest, layerAvailability: 'UNAVAILABLE' }]);
});

describe('missing registries and repositories', () => {
  const calls = () =>
    [
      ['BatchCheckLayerAvailability', { repositoryName, layerDigests: [sha256('')] }],
      ['InitiateLayerUpload', { repositoryName }],
      ['UploadLayerPart', part(0, Buffer.from('x'))],
      ['CompleteLayerUpload', complete(sha256(''))],
      ['PutImage', { repositoryName, imageManifest: '{}' }],
    ] as const;

  test('another registry', async () => {
    for (const [operation, input] of calls()) {
      for (const registryId of ['999999999999', 'somebody']) {
        expect(await failApi(emulator, operation, { ...input, registryId })).toEqual({
          __type: 'RegistryNotFoundException',
          message: CHOICES.registryNotFoundText.value(registryId),
        });
      }
    }
  });

  test('another repository', async () => {
    for (const [operation, input] of calls()) {
      expect(await failApi(emulator, operation, { ...input, repositoryName: 'nobody/here' })).toEqual({
        __type: 'RepositoryNotFoundException',
        message: `The repository with name 'nobody/here' does not exist in the registry with id '${emulator.registryId}'`,
      });
    }
  });
});
