import { expect, test } from 'vitest';
import { deriveIdentity } from '../../../../src/emulator/identity.ts';
import { MANIFEST_SWITCHES } from '../../../../src/emulator/operations/manifest.ts';
import { PRIVATE_HANDLERS } from '../../../../src/emulator/private/handlers.ts';
import { isRegion, makePrivateService } from '../../../../src/emulator/private/service.ts';
import { Quotas } from '../../../../src/emulator/quotas.ts';
import { PRIVATE_REQUESTS_PER_SECOND } from '../../../../src/wire/private/service.ts';
import { createRepository, makeDirectory, openTestStore } from '../storage/opened-store.ts';

test.each([
  ['eu-west-1', 'aws'],
  ['cn-north-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['us-iso-east-1', 'aws-iso'],
  ['us-isob-east-1', 'aws-iso-b'],
  ['eusc-de-east-1', 'aws-eusc'],
])('ARNs in %s name the partition %s', (region, partition) => {
  expect(isRegion(region)).toBe(true);
  const service = makePrivateService(region);
  const place = { registryId: '123456789012', repositoryName: 'team/app' };
  const arn = service.formatRepositoryArn(place.registryId, place.repositoryName);
  expect(arn).toBe(`arn:${partition}:ecr:${region}:123456789012:repository/team/app`);
  expect(service.readRepositoryArn(arn)).toEqual(place);
  expect(service.readRepositoryArn(arn.replace(':ecr:', ':ecr-public:'))).toBeUndefined();
  expect(service.readRepositoryArn(arn.replace('team/app', ''))).toBeUndefined();
});

test('a layer has at most 4,200 parts', async () => {
  const store = await openTestStore(makeDirectory());
  createRepository(store, 'app');
  const identity = deriveIdentity({});
  const registry = { registryId: identity.registryId, aliases: [] };
  const context = {
    ...{ service: makePrivateService('us-east-1'), identity, tokens: { ...identity, tokenKey: 'key' } },
    ...{
      registries: [{ registry, store }],
      registry,
      store,
      registryHost: 'localhost',
      scheme: 'http' as const,
    },
    ...{ quotas: new Quotas({}, Date.now), manifestSwitches: MANIFEST_SWITCHES, now: Date.now },
    principal: identity.principal,
  };
  const { uploadId } = store.initiateUpload('app');
  const send = (partFirstByte: number) =>
    PRIVATE_HANDLERS.UploadLayerPart(context, {
      ...{ repositoryName: 'app', uploadId, partFirstByte, partLastByte: partFirstByte },
      layerPartBlob: Buffer.from('x'),
    });
  for (let at = 0; at < 4200; at += 1) await send(at);
  await expect(send(4200)).rejects.toMatchObject({
    exception: 'LimitExceededException',
    message: expect.stringContaining("layer parts which is '4200'"),
  });
});

test('real quotas are those of private ECR', () => {
  let now = 0;
  const quotas = new Quotas(PRIVATE_REQUESTS_PER_SECOND, () => now);
  for (const [operation, rate] of [
    ['InitiateLayerUpload', 100],
    ['UploadLayerPart', 500],
    ['PutImage', 10],
    ['BatchCheckLayerAvailability', 1000],
  ] as const) {
    for (let call = 0; call < rate; call += 1) quotas.take(operation, 'a');
    expect(() => quotas.take(operation, 'a')).toThrow('Rate exceeded');
    now += 1000;
    quotas.take(operation, 'a');
  }
});
