import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EXCEPTIONS } from '../../src/wire/exceptions.ts';
import { OPERATIONS, type OperationName } from '../../src/wire/operations.ts';
import { callApi } from '../support/call-api.ts';
import { describeIndex, describeManifest, sha256, uploadImage } from '../support/push-by-hand.ts';
import { refuseAws, tryAws } from './support/aws.ts';
import { describeWithClients } from './support/clients.ts';
import { Sandbox } from './support/sandbox.ts';

// Each of the 23 operations by the aws CLI: its answer, and every declared exception that a client can cause.

const repositoryName = 'table/app';
const absent = { repositoryName: 'table/absent' };
const malformed = { repositoryName: 'Not/Lower' };
const uploadId = '01234567-89ab-cdef-0123-456789abcdef';
const digest = sha256('abc');
const part = { partFirstByte: 0, partLastByte: 2 };
const policyText = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr-public:*"}]}';
const arnOf = (name: string) => `arn:aws:ecr-public::123456789012:repository/${name}`;
const tagsOf = (count: number) => Array.from({ length: count }, (_, at) => ({ Key: `k${at}`, Value: 'v' }));

/** Inputs of the operations for an existing repository. The bytes of the part are in a file. */
const inputs: Readonly<Partial<Record<OperationName, object>>> = {
  BatchCheckLayerAvailability: { repositoryName, layerDigests: [digest] },
  BatchDeleteImage: { repositoryName, imageIds: [{ imageTag: 'x' }] },
  CompleteLayerUpload: { repositoryName, uploadId, layerDigests: [digest] },
  CreateRepository: { repositoryName: 'table/new' },
  DeleteRepository: { repositoryName },
  DeleteRepositoryPolicy: { repositoryName },
  DescribeImageTags: { repositoryName },
  DescribeImages: { repositoryName },
  GetRepositoryCatalogData: { repositoryName },
  GetRepositoryPolicy: { repositoryName },
  InitiateLayerUpload: { repositoryName },
  ListTagsForResource: { resourceArn: arnOf(repositoryName) },
  PutImage: { repositoryName, imageManifest: '{}' },
  PutRepositoryCatalogData: { repositoryName, catalogData: {} },
  SetRepositoryPolicy: { repositoryName, policyText },
  TagResource: { resourceArn: arnOf(repositoryName), tags: [] },
  UntagResource: { resourceArn: arnOf(repositoryName), tagKeys: [] },
  UploadLayerPart: { repositoryName, uploadId, ...part },
};

/** Exceptions that no client can cause: failures of the service, other regions, and declared ones without a cause. */
const unprovoked = [
  ...Object.entries(OPERATIONS).flatMap(([name, { exceptions }]) =>
    exceptions
      .filter((each) => each === 'ServerException' || each === 'UnsupportedCommandException')
      .map((each) => `${name} ${each}`),
  ),
  'GetAuthorizationToken InvalidParameterException',
  'PutImage ImageTagAlreadyExistsException',
  'UntagResource TooManyTagsException',
  'GetRepositoryCatalogData RepositoryCatalogDataNotFoundException',
  // Needs 10,000 repositories.
  'CreateRepository LimitExceededException',
];

const byRepository = (Object.keys(inputs) as OperationName[]).filter(
  // as: keys of the table
  (operation) => Object.hasOwn(inputs[operation] ?? {}, 'repositoryName') && operation !== 'CreateRepository',
);
const byArn = ['ListTagsForResource', 'TagResource', 'UntagResource'] as const;
const pushing = [
  'BatchCheckLayerAvailability',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
  'PutImage',
] as const;

type Provocation = readonly [
  OperationName,
  keyof typeof EXCEPTIONS,
  object | ((prepared: Prepared) => object),
];

const provocations: readonly Provocation[] = [
  ...byRepository.flatMap((operation): Provocation[] => [
    [operation, 'InvalidParameterException', malformed],
    [operation, 'RepositoryNotFoundException', absent],
  ]),
  ...byArn.flatMap((operation): Provocation[] => [
    [operation, 'InvalidParameterException', { resourceArn: 'arn:aws:s3:::bucket' }],
    [operation, 'RepositoryNotFoundException', { resourceArn: arnOf('table/absent') }],
  ]),
  ...pushing.map(
    (operation): Provocation => [operation, 'RegistryNotFoundException', { registryId: 'somebodyelse' }],
  ),
  ['CreateRepository', 'InvalidParameterException', malformed],
  ['CreateRepository', 'RepositoryAlreadyExistsException', { repositoryName }],
  ['CreateRepository', 'InvalidTagParameterException', { tags: [{ Key: 'aws:x', Value: 'y' }] }],
  ['CreateRepository', 'TooManyTagsException', { tags: tagsOf(51) }],
  ['TagResource', 'InvalidTagParameterException', { tags: [{ Key: 'x', Value: '#' }] }],
  ['TagResource', 'TooManyTagsException', { tags: tagsOf(51) }],
  ['UntagResource', 'InvalidTagParameterException', { tagKeys: ['aws:x'] }],
  ['DescribeRepositories', 'InvalidParameterException', { repositoryNames: ['Not/Lower'] }],
  ['DescribeRepositories', 'RepositoryNotFoundException', { repositoryNames: ['table/absent'] }],
  ['DescribeRegistries', 'InvalidParameterException', { nextToken: 'nonsense' }],
  ['PutRegistryCatalogData', 'InvalidParameterException', { displayName: 'x'.repeat(101) }],
  ['DescribeImages', 'ImageNotFoundException', { imageIds: [{ imageTag: 'absent' }] }],
  ['DeleteRepository', 'RepositoryNotEmptyException', {}],
  ['GetRepositoryPolicy', 'RepositoryPolicyNotFoundException', {}],
  ['DeleteRepositoryPolicy', 'RepositoryPolicyNotFoundException', {}],
  ['UploadLayerPart', 'UploadNotFoundException', {}],
  ['UploadLayerPart', 'InvalidLayerPartException', ({ begun }) => ({ uploadId: begun, ...part })],
  [
    'UploadLayerPart',
    'LimitExceededException',
    ({ full }) => ({ uploadId: full, partFirstByte: 1000, partLastByte: 1002 }),
  ],
  ['CompleteLayerUpload', 'UploadNotFoundException', {}],
  ['CompleteLayerUpload', 'EmptyUploadException', ({ empty }) => ({ uploadId: empty })],
  ['CompleteLayerUpload', 'InvalidLayerException', ({ begun }) => ({ uploadId: begun })],
  ['CompleteLayerUpload', 'LayerPartTooSmallException', ({ full }) => ({ uploadId: full })],
  [
    'CompleteLayerUpload',
    'LayerAlreadyExistsException',
    ({ again, layer }) => ({ uploadId: again, layerDigests: [layer] }),
  ],
  ['PutImage', 'ImageAlreadyExistsException', ({ imageManifest }) => ({ imageManifest, imageTag: 'v0' })],
  [
    'PutImage',
    'ImageDigestDoesNotMatchException',
    ({ imageManifest }) => ({ imageManifest, imageDigest: digest }),
  ],
  ['PutImage', 'LimitExceededException', ({ imageManifest }) => ({ imageManifest, imageTag: 'straw' })],
  [
    'PutImage',
    'LayersNotFoundException',
    ({ imageManifest }) => ({ imageManifest: imageManifest.replaceAll(/sha256:./g, 'sha256:0') }),
  ],
  [
    'PutImage',
    'ReferencedImagesNotFoundException',
    () => ({ imageManifest: describeIndex([describeManifest({})]).imageManifest }),
  ],
];

/** The aws CLI takes most of a second to start. By default, one operation causes each exception; ECRP_EVERY_EXCEPTION selects all. */
const sampled =
  process.env.ECRP_EVERY_EXCEPTION === undefined
    ? provocations.filter(
        ([, exception], at) => provocations.findIndex(([, other]) => other === exception) === at,
      )
    : provocations;

/** State before the first call of the table. */
interface Prepared {
  readonly imageManifest: string;
  readonly layer: string;
  /** Uploads: without a part; with three bytes that are not `abc`; of an existing layer; of a thousand parts. */
  readonly empty: string;
  readonly begun: string;
  readonly again: string;
  readonly full: string;
}

async function prepare({ emulator }: Sandbox): Promise<Prepared> {
  await callApi(emulator, 'CreateRepository', { repositoryName });
  const { imageManifest } = await uploadImage(emulator, repositoryName, 'one');
  for (let number = 0; number < 1000; number += 1) {
    await callApi(emulator, 'PutImage', { repositoryName, imageManifest, imageTag: `v${number}` });
  }
  const begin = async (...parts: readonly string[]): Promise<string> => {
    const { uploadId: id = '' } = await callApi(emulator, 'InitiateLayerUpload', { repositoryName });
    let partFirstByte = 0;
    for (const text of parts) {
      const partLastByte = partFirstByte + text.length - 1;
      const layerPartBlob = Buffer.from(text).toString('base64');
      const input = { repositoryName, uploadId: id, partFirstByte, partLastByte, layerPartBlob };
      await callApi(emulator, 'UploadLayerPart', input);
      partFirstByte += text.length;
    }
    return id;
  };
  return {
    imageManifest,
    layer: sha256('layer of one'),
    empty: await begin(),
    begun: await begin('xyz'),
    again: await begin('layer of one'),
    full: await begin(...'x'.repeat(1000)),
  };
}

describeWithClients('the aws CLI, operation by operation', ['aws'], () => {
  let sandbox: Sandbox;
  let prepared: Prepared;
  let blob: string;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    blob = join(sandbox.makeDirectory('file'), 'abc');
    writeFileSync(blob, 'abc');
    prepared = await prepare(sandbox);
  });
  afterAll(() => sandbox.close());

  const kebab = (operation: string) => operation.replace(/(?<=.)[A-Z]/g, '-$&').toLowerCase();
  /** Passes an input as a document, because some members have no option. Versions of the CLI read bytes there differently. */
  const optionsFor = (operation: OperationName, input: object): string[] => [
    ...['--cli-input-json', JSON.stringify(input)],
    ...(operation === 'UploadLayerPart' ? ['--layer-part-blob', `fileb://${blob}`] : []),
  ];

  test('every operation answers as the service model says', async () => {
    const name = 'table/happy';
    const call = async (operation: OperationName, input: object = {}): Promise<Record<string, unknown>> => {
      const { status, stdout, stderr } = await tryAws(
        sandbox,
        kebab(operation),
        optionsFor(operation, input),
      );
      expect({ operation, status, stderr }).toEqual({ operation, status: 0, stderr: '' });
      called.add(operation);
      return stdout === '' ? {} : JSON.parse(stdout);
    };
    const called = new Set<string>();
    const [inRepository, inResource] = [{ repositoryName: name }, { resourceArn: arnOf(name) }];
    const { emulator } = sandbox;
    const { registryId } = emulator;

    const { repository } = await call('CreateRepository', { ...inRepository, tags: tagsOf(1) });
    expect(await call('DescribeRepositories', { repositoryNames: [name] })).toEqual({
      repositories: [repository],
    });
    expect(await call('DescribeRegistries')).toMatchObject({ registries: [{ registryId }] });
    expect(await call('GetAuthorizationToken')).toMatchObject({
      authorizationData: { authorizationToken: expect.any(String), expiresAt: expect.anything() },
    });

    const layerDigests = [digest];
    const { uploadId: id } = await call('InitiateLayerUpload', inRepository);
    expect(await call('UploadLayerPart', { ...inRepository, uploadId: id, ...part })).toMatchObject({
      lastByteReceived: 2,
    });
    expect(await call('CompleteLayerUpload', { ...inRepository, uploadId: id, layerDigests })).toMatchObject({
      layerDigest: digest,
    });
    expect(await call('BatchCheckLayerAvailability', { ...inRepository, layerDigests })).toMatchObject({
      layers: [{ layerDigest: digest, layerAvailability: 'AVAILABLE', layerSize: 3 }],
    });
    const { imageManifest, imageDigest } = await uploadImage(emulator, name, 'happy');
    const imageId = { imageDigest, imageTag: 'v1' };
    expect(await call('PutImage', { ...inRepository, imageManifest, imageTag: 'v1' })).toMatchObject({
      image: { imageId, imageManifest },
    });
    expect(await call('DescribeImages', inRepository)).toMatchObject({
      imageDetails: [{ imageDigest, imageTags: ['v1'] }],
    });
    expect(await call('DescribeImageTags', inRepository)).toMatchObject({
      imageTagDetails: [{ imageTag: 'v1' }],
    });
    expect(await call('BatchDeleteImage', { ...inRepository, imageIds: [{ imageTag: 'v1' }] })).toEqual({
      imageIds: [imageId],
      failures: [],
    });

    const catalogData = { description: 'Happy', operatingSystems: ['Linux'], aboutText: '# About' };
    expect(await call('PutRepositoryCatalogData', { ...inRepository, catalogData })).toEqual({ catalogData });
    expect(await call('GetRepositoryCatalogData', inRepository)).toEqual({ catalogData });
    const registryCatalogData = { displayName: 'Table' };
    expect(await call('PutRegistryCatalogData', registryCatalogData)).toEqual({ registryCatalogData });
    expect(await call('GetRegistryCatalogData')).toEqual({ registryCatalogData });

    const policy = await call('SetRepositoryPolicy', { ...inRepository, policyText });
    expect(JSON.parse(String(policy.policyText))).toMatchObject(JSON.parse(policyText));
    expect(await call('GetRepositoryPolicy', inRepository)).toEqual(policy);
    expect(await call('DeleteRepositoryPolicy', inRepository)).toEqual(policy);

    await call('TagResource', { ...inResource, tags: tagsOf(3) });
    await call('UntagResource', { ...inResource, tagKeys: ['k1'] });
    expect(await call('ListTagsForResource', inResource)).toEqual({
      tags: [tagsOf(3)[0], tagsOf(3)[2]],
    });
    expect(await call('DeleteRepository', { ...inRepository, force: true })).toEqual({ repository });
    expect([...called].sort()).toEqual(Object.keys(OPERATIONS).sort());
  });

  describe('gets', () => {
    test.concurrent.each(sampled)('%s %s', async (operation, exception, given) => {
      const more = typeof given === 'function' ? given(prepared) : given;
      const input = { ...inputs[operation], ...more };
      const refusal = await refuseAws(sandbox, kebab(operation), optionsFor(operation, input));
      expect(refusal.exception).toBe(exception);
    });

    test('every declared exception, except for those that no client can cause', () => {
      const declared = Object.entries(OPERATIONS).flatMap(([name, { exceptions }]) =>
        exceptions.map((exception) => `${name} ${exception}`),
      );
      const provoked = provocations.map(([operation, exception]) => `${operation} ${exception}`);
      expect([...provoked, ...unprovoked].sort()).toEqual(declared.sort());
    });
  });

  test('its paginators list every image, tag and repository once', async () => {
    const count = Number(process.env.ECRP_PAGED_IMAGES ?? 250);
    const name = 'table/paged';
    const { emulator } = sandbox;
    await callApi(emulator, 'CreateRepository', { repositoryName: name });
    const digests: string[] = [];
    for (let number = 0; number < count; number += 1) {
      const { imageManifest, imageDigest } = describeManifest({
        ...{ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] },
        annotations: { number: String(number) },
      });
      await callApi(emulator, 'PutImage', { repositoryName: name, imageManifest, imageTag: `v${number}` });
      digests.push(imageDigest);
    }
    const list = async (
      operation: string,
      query: string,
      ...options: readonly string[]
    ): Promise<string[]> => {
      const all = ['--repository-name', name, '--query', query, ...options];
      const { stdout, stderr } = await tryAws(sandbox, operation, all);
      expect(stderr).toBe('');
      return JSON.parse(stdout);
    };
    const images = 'imageDetails[].imageDigest';
    expect(await list('describe-images', images)).toEqual(digests);
    expect(await list('describe-images', images, '--page-size', '37')).toEqual(digests);
    expect(await list('describe-images', images, '--max-items', '120')).toEqual(digests.slice(0, 120));
    const tags = digests.map((_, number) => `v${number}`);
    expect(await list('describe-image-tags', 'imageTagDetails[].imageTag')).toEqual(tags);
    expect(await list('describe-image-tags', 'imageTagDetails[].imageTag', '--page-size', '1000')).toEqual(
      tags,
    );
    const { stdout } = await tryAws(sandbox, 'describe-repositories', [
      '--page-size',
      '1',
      '--query',
      'repositories[].repositoryName',
    ]);
    expect(JSON.parse(stdout)).toEqual(expect.arrayContaining([repositoryName, name]));
  });
});
