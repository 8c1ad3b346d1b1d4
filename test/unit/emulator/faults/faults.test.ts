import { ECRPUBLICClient, UploadLayerPartCommand } from '@aws-sdk/client-ecr-public';
import { afterEach, describe, expect, test } from 'vitest';
import { FaultPlan, parseFault, parseFaults } from '../../../../src/emulator/faults/fault-rules.ts';
import { callApi } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import { sha256, uploadBlob, uploadImage } from '../../../support/push-by-hand.ts';
import { sendSigned } from '../../../support/signed-request.ts';

const repositoryName = 'team/app';
let emulator: TestEmulator | undefined;

afterEach(async () => {
  await emulator?.close();
  emulator = undefined;
});

async function startWith(...faults: string[]): Promise<TestEmulator> {
  emulator = await startTestEmulator({ faults });
  await callApi(emulator, 'CreateRepository', { repositoryName });
  return emulator;
}

async function ask(target: TestEmulator, operation: string, input: object) {
  return sendSigned(target, { operation, body: JSON.stringify(input) });
}

describe('rules', () => {
  test.each([
    ['UploadLayerPart delay 300', { kind: 'delay', delayMs: 300 }, { kind: 'every', count: 1 }],
    [
      ' CompleteLayerUpload  error ServerException on=2 ',
      { kind: 'error', exception: 'ServerException' },
      { kind: 'on', count: 2 },
    ],
    ['* reset-after p=0.05 seed=7', { kind: 'reset-after' }, { kind: 'chance', probability: 0.05, seed: 7 }],
    ['PutImage throttle every=3', { kind: 'throttle' }, { kind: 'every', count: 3 }],
  ])('%s', (rule, effect, trigger) => {
    const text = rule.trim().replace('  ', ' ');
    expect(parseFault(rule)).toEqual({ text, operation: text.split(' ')[0], effect, trigger });
  });

  test.each([
    ['', 'must begin with an operation and an effect'],
    ['PutImage', 'must begin with an operation and an effect'],
    ['PutImages stall', "unknown operation 'PutImages'"],
    ['* explode', "unknown effect 'explode'"],
    ['* delay', 'delay needs a number of milliseconds'],
    ['* delay 86400001', 'at most a day'],
    ['* delay soon', 'delay needs a number of milliseconds'],
    ['* error Nothing', "error needs the name of an exception, not 'Nothing'"],
    ['* error', "error needs the name of an exception, not ''"],
    ['PutImage forget-part', 'forget-part applies only to UploadLayerPart'],
    ['* stall on=0', 'whole number from 1'],
    ['* stall on=x', 'whole number from 1'],
    ['* stall p=2', 'number from 0 to 1'],
    ['* stall p=0.5 seed=x', 'seed needs a whole number'],
    ['* stall seed=7', 'exclude each other'],
    ['* stall on=1 every=2', 'exclude each other'],
    ['* stall on=1 on=2', 'given twice'],
    ['* stall 7', "unknown setting '7'"],
  ])('malformed: %s', (rule, message) => {
    expect(() => parseFault(rule)).toThrow(message);
    expect(() => parseFault(rule)).toThrow(`fault rule '${rule}': `);
  });

  test('a rule about private ECR needs private ECR', () => {
    const rules = ['* stall', 'PutImage stall', 'GetDownloadUrlForLayer error KmsException'];
    expect(parseFaults(rules, true).map(({ text }) => text)).toEqual(rules);
    expect(() => parseFaults(rules, false)).toThrow(
      "fault rule 'GetDownloadUrlForLayer error KmsException': GetDownloadUrlForLayer is an operation of private ECR: it needs --private-port",
    );
  });

  test('each rule counts its own matches', () => {
    const plan = new FaultPlan(
      ['PutImage stall on=2', '* throttle every=3', '* forget-part'].map((rule) => parseFault(rule)),
    );
    const kinds = (['PutImage', 'PutImage', 'UploadLayerPart', 'PutImage'] as const).map((operation) =>
      plan.next(operation).map((effect) => effect.kind),
    );
    expect(kinds).toEqual([[], ['stall'], ['throttle', 'forget-part'], []]);
  });

  test('chance repeats for the same seed and has the given probability', () => {
    const draw = (seed: number) => {
      const plan = new FaultPlan([parseFault(`* stall p=0.25 seed=${seed}`)]);
      return Array.from({ length: 4000 }, () => plan.next('PutImage').length);
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    const share = draw(7).reduce((sum, count) => sum + count, 0) / 4000;
    expect(Math.abs(share - 0.25)).toBeLessThan(0.03);
  });
});

describe('effects', () => {
  test.each([
    ['error LimitExceededException', 400, 'LimitExceededException'],
    ['error ServerException', 500, 'ServerException'],
    ['throttle', 400, 'ThrottlingException'],
    ['expired-token', 400, 'ExpiredTokenException'],
  ])('%s, and the operation did not run', async (effect, status, type) => {
    const target = await startWith(`InitiateLayerUpload ${effect} on=1`);
    const answer = await ask(target, 'InitiateLayerUpload', { repositoryName });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text).__type).toBe(type);
    await callApi(target, 'InitiateLayerUpload', { repositoryName });
  });

  test('html-503', async () => {
    const target = await startWith('InitiateLayerUpload html-503');
    const answer = await ask(target, 'InitiateLayerUpload', { repositoryName });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([503, 'text/html']);
    expect(answer.text).toContain('<html>');
  });

  test('delay', async () => {
    const target = await startWith('InitiateLayerUpload delay 120');
    const start = performance.now();
    await callApi(target, 'InitiateLayerUpload', { repositoryName });
    expect(performance.now() - start).toBeGreaterThan(115);
  });

  test.each(['stall', 'delay 3600000'])(
    '%s leaves the client waiting; closing does not wait',
    async (effect) => {
      const target = await startWith(`InitiateLayerUpload ${effect}`);
      const waiting = ask(target, 'InitiateLayerUpload', { repositoryName });
      const outcome = expect(waiting).rejects.toThrow('fetch failed');
      await callApi(target, 'DescribeRegistries');
      await target.close();
      await outcome;
    },
  );

  test('the operation does not run with reset-before, but runs with reset-after', async () => {
    const target = await startWith('CreateRepository reset-before on=2', 'CreateRepository reset-after on=3');
    for (const name of ['team/before', 'team/after']) {
      await expect(ask(target, 'CreateRepository', { repositoryName: name })).rejects.toThrow('fetch failed');
    }
    const { repositories } = await callApi(target, 'DescribeRepositories');
    expect(repositories?.map((repository) => repository.repositoryName)).toEqual([
      repositoryName,
      'team/after',
    ]);
    expect(target.requests.map((entry) => entry.status)).toEqual([200, 0, 0, 200]);
  });

  test('cut-response: the operation runs, and half of the answer arrives', async () => {
    const target = await startWith('CreateRepository cut-response on=2');
    const cut = ask(target, 'CreateRepository', { repositoryName: 'team/cut' });
    await expect(cut).rejects.toThrow('terminated');
    const { repositories } = await callApi(target, 'DescribeRepositories');
    expect(repositories).toHaveLength(2);
  });

  test('the SDK resends a part whose answer was lost, and learns the last valid byte', async () => {
    const target = await startWith('UploadLayerPart reset-after on=1');
    const { uploadId } = await callApi(target, 'InitiateLayerUpload', { repositoryName });
    const client = new ECRPUBLICClient({
      endpoint: target.url,
      region: 'us-east-1',
      credentials: { accessKeyId: target.accessKeyId, secretAccessKey: target.secretAccessKey },
    });
    const sending = client.send(
      new UploadLayerPartCommand({
        repositoryName,
        uploadId,
        partFirstByte: 0,
        partLastByte: 9,
        layerPartBlob: Buffer.from('0123456789'),
      }),
    );
    await expect(sending).rejects.toMatchObject({
      name: 'InvalidLayerPartException',
      lastValidByteReceived: 9,
    });
    client.destroy();
    expect(target.count('UploadLayerPart')).toBe(2);
  });

  test('off-by-one and forget-part', async () => {
    const target = await startWith('UploadLayerPart off-by-one on=1', 'UploadLayerPart forget-part on=2');
    const { uploadId } = await callApi(target, 'InitiateLayerUpload', { repositoryName });
    const part = (byte: number) => ({
      repositoryName,
      uploadId,
      partFirstByte: byte,
      partLastByte: byte,
      layerPartBlob: 'eA==',
    });
    expect((await callApi(target, 'UploadLayerPart', part(0))).lastByteReceived).toBe(1);
    expect((await callApi(target, 'UploadLayerPart', part(1))).lastByteReceived).toBe(1);
    const answer = await ask(target, 'UploadLayerPart', part(2));
    expect(JSON.parse(answer.text).message).toBe('First byte of the layer part is 2 instead of 1');
  });

  test('wrong-digest', async () => {
    const target = await startWith('CompleteLayerUpload wrong-digest on=1', 'PutImage wrong-digest');
    const told = await uploadBlob(target, repositoryName, Buffer.from('abc'));
    expect(told).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(told).not.toBe(sha256('abc'));
    const { imageManifest, imageDigest } = await uploadImage(target, repositoryName, 'one');
    const { image } = await callApi(target, 'PutImage', { repositoryName, imageManifest, imageTag: 'v1' });
    expect(image?.imageId?.imageTag).toBe('v1');
    expect(image?.imageId?.imageDigest).not.toBe(imageDigest);
  });
});
