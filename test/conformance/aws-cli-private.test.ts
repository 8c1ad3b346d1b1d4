import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PRIVATE_EXCEPTIONS } from '../../src/wire/private/exceptions.ts';
import { PRIVATE_OPERATIONS, type PrivateOperationName } from '../../src/wire/private/operations.ts';
import { callPrivate } from '../support/call-api.ts';
import { describeIndex, describeManifest, sha256, uploadBlob, uploadImage } from '../support/push-by-hand.ts';
import { privateOf, type Signer } from '../support/signed-request.ts';
import { readRefusal, tryAwsEcr } from './support/aws.ts';
import { describeWithClients } from './support/clients.ts';
import { Sandbox } from './support/sandbox.ts';

// The operations of private ECR by `aws ecr`: the answer of each, one cause of each exception, and lists page by page. Older versions of the CLI lack
// some operations; `boto3.test.ts` has those too.

const repositoryName = 'table/app';
const place = { repositoryName };
const digest = sha256('abc');
const lifecyclePolicyText = JSON.stringify({
  rules: [
    {
      ...{ rulePriority: 1, description: 'untagged images older than two weeks' },
      selection: { tagStatus: 'untagged', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 14 },
      action: { type: 'expire' },
    },
  ],
});
const policyText = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"}]}';
/** Operations that came after the CLI of Debian 12. */
const newer: readonly string[] = [
  'CreateRepositoryCreationTemplate',
  'DeleteRepositoryCreationTemplate',
  'DescribeRepositoryCreationTemplates',
  'GetAccountSetting',
  'ListImageReferrers',
  'PutAccountSetting',
];

describeWithClients('the aws CLI and private ECR', ['aws'], () => {
  let sandbox: Sandbox;
  let signer: Signer;
  let blob: string;
  beforeAll(async () => {
    sandbox = await Sandbox.start('--private-port', '0');
    signer = privateOf({ ...sandbox.emulator, sessionToken: undefined });
    blob = join(sandbox.makeDirectory('file'), 'abc');
    writeFileSync(blob, 'abc');
  });
  afterAll(() => sandbox.close());

  const run = (operation: PrivateOperationName, input: object, ...more: readonly string[]) => {
    const command = operation.replace(/(?<=.)[A-Z]/g, '-$&').toLowerCase();
    const part = operation === 'UploadLayerPart' ? ['--layer-part-blob', `fileb://${blob}`] : [];
    return tryAwsEcr(sandbox, command, ['--cli-input-json', JSON.stringify(input), ...part, ...more]);
  };

  test('every operation answers as the service model says', async () => {
    const called = new Set<PrivateOperationName>();
    const call = async (
      operation: PrivateOperationName,
      input: object = {},
    ): Promise<Record<string, unknown>> => {
      const { status, stdout, stderr } = await run(operation, input);
      expect({ operation, status, stderr }).toEqual({ operation, status: 0, stderr: '' });
      called.add(operation);
      return stdout === '' ? {} : JSON.parse(stdout);
    };
    const { registryId } = sandbox.emulator;
    const { repository } = await call('CreateRepository', { ...place, tags: [{ Key: 'a', Value: 'b' }] });
    expect(await call('DescribeRepositories', { repositoryNames: [repositoryName] })).toEqual({
      repositories: [repository],
    });
    expect(await call('GetAuthorizationToken')).toMatchObject({
      authorizationData: [{ proxyEndpoint: sandbox.emulator.privateUrl }],
    });

    const { uploadId } = await call('InitiateLayerUpload', place);
    const part = { ...place, uploadId, partFirstByte: 0, partLastByte: 2 };
    expect(await call('UploadLayerPart', part)).toMatchObject({ registryId, lastByteReceived: 2 });
    const complete = { ...place, uploadId, layerDigests: [digest] };
    expect(await call('CompleteLayerUpload', complete)).toMatchObject({ layerDigest: digest });
    expect(await call('BatchCheckLayerAvailability', { ...place, layerDigests: [digest] })).toMatchObject({
      layers: [{ layerDigest: digest, layerAvailability: 'AVAILABLE', layerSize: 3 }],
    });

    const { imageManifest, imageDigest } = await uploadImage(signer, repositoryName, 'happy');
    const imageId = { imageDigest, imageTag: 'v1' };
    expect(await call('PutImage', { ...place, imageManifest, imageTag: 'v1' })).toMatchObject({
      image: { imageId, imageManifest },
    });
    expect(await call('ListImages', place)).toEqual({ imageIds: [imageId] });
    expect(await call('DescribeImages', place)).toMatchObject({
      imageDetails: [{ imageDigest, imageTags: ['v1'] }],
    });
    expect(await call('BatchGetImage', { ...place, imageIds: [{ imageTag: 'v1' }] })).toMatchObject({
      images: [{ registryId, imageId, imageManifest }],
    });
    const layerDigest = sha256('layer of happy');
    const { downloadUrl } = await call('GetDownloadUrlForLayer', { ...place, layerDigest });
    expect(await (await fetch(String(downloadUrl))).text()).toBe('layer of happy');

    const mutability = { ...place, imageTagMutability: 'IMMUTABLE' };
    expect(await call('PutImageTagMutability', mutability)).toEqual({ registryId, ...mutability });
    const scanning = { ...place, imageScanningConfiguration: { scanOnPush: true } };
    expect(await call('PutImageScanningConfiguration', scanning)).toEqual({ registryId, ...scanning });
    const policy = await call('SetRepositoryPolicy', { ...place, policyText });
    expect(await call('GetRepositoryPolicy', place)).toEqual(policy);
    expect(await call('DeleteRepositoryPolicy', place)).toEqual(policy);
    const lifecycle = { registryId, ...place, lifecyclePolicyText };
    expect(await call('PutLifecyclePolicy', { ...place, lifecyclePolicyText })).toEqual(lifecycle);
    expect(await call('GetLifecyclePolicy', place)).toEqual(lifecycle);
    expect(await call('DeleteLifecyclePolicy', place)).toEqual(lifecycle);
    const resource = { resourceArn: `arn:aws:ecr:us-east-1:${registryId}:repository/${repositoryName}` };
    await call('TagResource', { ...resource, tags: [{ Key: 'c', Value: 'd' }] });
    await call('UntagResource', { ...resource, tagKeys: ['a'] });
    expect(await call('ListTagsForResource', resource)).toEqual({ tags: [{ Key: 'c', Value: 'd' }] });

    expect(await call('BatchDeleteImage', { ...place, imageIds: [{ imageTag: 'v1' }] })).toEqual({
      imageIds: [imageId],
      failures: [],
    });
    expect(await call('DeleteRepository', place)).toMatchObject({ repository: { repositoryName } });
    const missing = Object.keys(PRIVATE_OPERATIONS).filter(
      (name) => !called.has(name as PrivateOperationName),
    ); // as: a key of the table
    expect(missing.sort()).toEqual(newer);
  });

  describe('exceptions', () => {
    const name = 'refused';
    const [inName, upload] = [{ repositoryName: name }, '01234567-89ab-cdef-0123-456789abcdef'];
    const part = { ...inName, partFirstByte: 0, partLastByte: 2 };
    let imageManifest: string;
    let unused: string;
    let begun: string | undefined;
    beforeAll(async () => {
      await callPrivate(signer, 'CreateRepository', { ...inName, imageTagMutability: 'IMMUTABLE' });
      const taken = await uploadImage(signer, name, 'taken');
      await callPrivate(signer, 'PutImage', {
        ...inName,
        imageManifest: taken.imageManifest,
        imageTag: 'v1',
      });
      ({ imageManifest } = await uploadImage(signer, name, 'other'));
      unused = await uploadBlob(signer, name, Buffer.from('unused'));
      begun = (await callPrivate(signer, 'InitiateLayerUpload', inName)).uploadId;
    });

    test.each<[PrivateOperationName, keyof typeof PRIVATE_EXCEPTIONS, () => object]>([
      ['CreateRepository', 'InvalidParameterException', () => ({ repositoryName: 'Not/Lower' })],
      ['CreateRepository', 'RepositoryAlreadyExistsException', () => inName],
      [
        'CreateRepository',
        'InvalidTagParameterException',
        () => ({ repositoryName: 'x1', tags: [{ Key: 'aws:x', Value: '' }] }),
      ],
      [
        'BatchGetImage',
        'RepositoryNotFoundException',
        () => ({ repositoryName: 'none', imageIds: [{ imageTag: 'x' }] }),
      ],
      ['DescribeImages', 'ImageNotFoundException', () => ({ ...inName, imageIds: [{ imageTag: 'none' }] })],
      ['PutImage', 'ImageTagAlreadyExistsException', () => ({ ...inName, imageManifest, imageTag: 'v1' })],
      [
        'PutImage',
        'LayersNotFoundException',
        () => ({ ...inName, imageManifest: imageManifest.replaceAll(/sha256:./g, 'sha256:0') }),
      ],
      [
        'PutImage',
        'ReferencedImagesNotFoundException',
        () => ({ ...inName, imageManifest: describeIndex([describeManifest({})]).imageManifest }),
      ],
      [
        'PutImage',
        'ImageDigestDoesNotMatchException',
        () => ({ ...inName, imageManifest, imageDigest: digest }),
      ],
      ['GetDownloadUrlForLayer', 'LayersNotFoundException', () => ({ ...inName, layerDigest: digest })],
      ['GetDownloadUrlForLayer', 'LayerInaccessibleException', () => ({ ...inName, layerDigest: unused })],
      ['UploadLayerPart', 'UploadNotFoundException', () => ({ ...part, uploadId: upload })],
      [
        'UploadLayerPart',
        'InvalidLayerPartException',
        () => ({ ...part, uploadId: begun, partFirstByte: 3, partLastByte: 5 }),
      ],
      [
        'CompleteLayerUpload',
        'EmptyUploadException',
        () => ({ ...inName, uploadId: begun, layerDigests: [digest] }),
      ],
      ['DeleteRepository', 'RepositoryNotEmptyException', () => inName],
      ['GetRepositoryPolicy', 'RepositoryPolicyNotFoundException', () => inName],
      ['GetLifecyclePolicy', 'LifecyclePolicyNotFoundException', () => inName],
    ])('%s %s', async (operation, exception, input) => {
      const ended = await run(operation, input());
      expect(readRefusal(ended).exception).toBe(exception);
      expect(PRIVATE_OPERATIONS[operation].exceptions).toContain(exception);
    });
  });

  test('its pagers read long lists to the end', async () => {
    const pages = { repositoryName: 'pages' };
    await callPrivate(signer, 'CreateRepository', pages);
    const { imageManifest } = await uploadImage(signer, 'pages', 'paged');
    const tags = Array.from({ length: 7 }, (_, at) => `v${at}`);
    for (const imageTag of tags) await callPrivate(signer, 'PutImage', { ...pages, imageManifest, imageTag });
    const ended = await run('ListImages', pages, '--page-size', '3');
    const { imageIds } = JSON.parse(ended.stdout) as { imageIds: { imageTag: string }[] }; // as: compared next
    expect(imageIds.map(({ imageTag }) => imageTag)).toEqual(tags);
  });

  test('get-login-password gives what /v2/ takes', async () => {
    const { stdout } = await tryAwsEcr(sandbox, 'get-login-password', []);
    const authorization = `Basic ${Buffer.from(`AWS:${stdout.trim()}`).toString('base64')}`;
    const ask = (headers: Record<string, string>) =>
      fetch(`${sandbox.emulator.privateUrl}/v2/`, { headers }).then(({ status }) => status);
    expect([await ask({ authorization }), await ask({})]).toEqual([200, 401]);
  });
});
