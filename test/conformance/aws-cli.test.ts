import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeRandomBytes } from '../support/images.ts';
import { callAws, refuseAws } from './support/aws.ts';
import { describeWithClients } from './support/clients.ts';
import { digestOf, readFetched } from './support/image-facts.ts';
import { Sandbox } from './support/sandbox.ts';
import { fetchWithSkopeo } from './support/skopeo.ts';

const MIB = 1024 * 1024;
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

describeWithClients('the aws CLI against the emulator', ['aws', 'skopeo'], () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
  });
  afterAll(() => sandbox.close());

  // The documents come from the aws CLI. The comparisons check their content.
  const call = async <T>(operation: string, ...options: readonly string[]): Promise<T> =>
    JSON.parse((await callAws(sandbox, operation, ...options)).stdout) as T;
  const refuse = async (operation: string, ...options: readonly string[]): Promise<string> =>
    (await refuseAws(sandbox, operation, options)).exception;

  /** Writes bytes into a new file and returns its path. */
  const keep = (bytes: Buffer | string): string => {
    const file = join(sandbox.makeDirectory('file'), 'bytes');
    writeFileSync(file, bytes);
    return file;
  };

  const initiate = async (repository: string): Promise<{ uploadId: string; partSize: number }> =>
    call('initiate-layer-upload', '--repository-name', repository);

  /** Options of one part: `[start, start + bytes.length)`. */
  const partOf = (repository: string, uploadId: string, start: number, bytes: Buffer): string[] => [
    ...['--repository-name', repository, '--upload-id', uploadId, '--part-first-byte', String(start)],
    ...['--part-last-byte', String(start + bytes.length - 1), '--layer-part-blob', `fileb://${keep(bytes)}`],
  ];

  const upload = async (repository: string, bytes: Buffer): Promise<{ layerDigest: string }> => {
    const { uploadId, partSize } = await initiate(repository);
    for (let start = 0; start < bytes.length; start += partSize) {
      const part = bytes.subarray(start, start + partSize);
      const answer = await call('upload-layer-part', ...partOf(repository, uploadId, start, part));
      expect(answer).toMatchObject({ uploadId, lastByteReceived: start + part.length - 1 });
    }
    const where = ['--repository-name', repository, '--upload-id', uploadId];
    return call('complete-layer-upload', ...where, '--layer-digests', digestOf(bytes));
  };

  const putOptions = (repository: string, manifest: string, tag = 'v1') => [
    ...['--repository-name', repository, '--image-tag', tag],
    ...['--image-manifest', `file://${keep(manifest)}`, '--image-manifest-media-type', DOCKER_MANIFEST],
  ];

  const makeImage = (layer: Buffer): { config: Buffer; manifest: string } => {
    const config = Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
      }),
    );
    const manifest = {
      schemaVersion: 2,
      mediaType: DOCKER_MANIFEST,
      config: {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        size: config.length,
        digest: digestOf(config),
      },
      layers: [
        {
          mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
          size: gzipSync(layer).length,
          digest: digestOf(gzipSync(layer)),
        },
      ],
    };
    return { config, manifest: JSON.stringify(manifest) };
  };

  test('a whole push, call by call', async () => {
    const repositoryName = 'aws/pushed';
    const { registryId, registryAlias, registryHost } = sandbox.emulator;
    const created = await call<{ repository: object }>(
      'create-repository',
      ...['--repository-name', repositoryName, '--tags', 'Key=team,Value=tools'],
      ...['--catalog-data', JSON.stringify({ description: 'Made by hand', architectures: ['ARM 64'] })],
    );
    expect(created).toMatchObject({
      repository: { repositoryName, registryId },
      catalogData: { description: 'Made by hand', architectures: ['ARM 64'] },
    });

    const layer = makeRandomBytes('aws', 12 * MIB);
    const packed = gzipSync(layer);
    const { config, manifest } = makeImage(layer);
    const digests = [digestOf(packed), digestOf(config)];
    const check = ['--repository-name', repositoryName, '--layer-digests', ...digests];
    const before = await call<{ layers: { layerAvailability: string }[] }>(
      'batch-check-layer-availability',
      ...check,
    );
    expect(before.layers.map((one) => one.layerAvailability)).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);

    expect((await initiate(repositoryName)).partSize).toBe(10 * MIB);
    expect(await upload(repositoryName, packed)).toMatchObject({ registryId, layerDigest: digests[0] });
    expect(await upload(repositoryName, config)).toMatchObject({ repositoryName, layerDigest: digests[1] });
    expect(await call('batch-check-layer-availability', ...check)).toMatchObject({
      layers: [
        { layerDigest: digests[0], layerAvailability: 'AVAILABLE', layerSize: packed.length },
        { layerDigest: digests[1], layerAvailability: 'AVAILABLE', layerSize: config.length },
      ],
      failures: [],
    });

    const imageDigest = digestOf(Buffer.from(manifest));
    const put = await call<object>('put-image', ...putOptions(repositoryName, manifest));
    expect(put).toEqual({
      image: {
        ...{ registryId, repositoryName, imageId: { imageDigest, imageTag: 'v1' } },
        ...{ imageManifest: manifest, imageManifestMediaType: DOCKER_MANIFEST },
      },
    });

    const where = ['--repository-name', repositoryName];
    expect(await call('describe-images', ...where)).toMatchObject({
      imageDetails: [
        {
          ...{ registryId, repositoryName, imageDigest, imageTags: ['v1'] },
          ...{ imageSizeInBytes: packed.length + config.length, imageManifestMediaType: DOCKER_MANIFEST },
          artifactMediaType: 'application/vnd.docker.container.image.v1+json',
        },
      ],
    });
    expect(await call('describe-image-tags', ...where)).toMatchObject({
      imageTagDetails: [{ imageTag: 'v1', imageDetail: { imageDigest } }],
    });
    expect(await call('describe-repositories', '--repository-names', repositoryName)).toMatchObject({
      repositories: [created.repository],
    });
    expect(await call('describe-registries')).toMatchObject({
      registries: [
        { registryId, aliases: [{ name: registryAlias, status: 'ACTIVE', primaryRegistryAlias: true }] },
      ],
    });
    expect(created.repository).toMatchObject({
      repositoryArn: `arn:aws:ecr-public::${registryId}:repository/${repositoryName}`,
      repositoryUri: `${registryHost}/${registryAlias}/${repositoryName}`,
    });

    const fetched = readFetched(await fetchWithSkopeo(sandbox, `${repositoryName}:v1`));
    expect(fetched).toMatchObject({
      rootDigest: imageDigest,
      images: [{ configDigest: digests[1], layerDigests: [digests[0]], unpackedDigests: [digestOf(layer)] }],
    });

    expect(await refuse('delete-repository', ...where)).toBe('RepositoryNotEmptyException');
    expect(await call('delete-repository', ...where, '--force')).toMatchObject({
      repository: created.repository,
    });
    expect(await refuse('describe-images', ...where)).toBe('RepositoryNotFoundException');
  });

  test('the registry alias stands for the registry id', async () => {
    await call('create-repository', '--repository-name', 'aws/alias');
    const where = ['--repository-name', 'aws/alias', '--registry-id'];
    expect(await call('initiate-layer-upload', ...where, sandbox.emulator.registryAlias)).toMatchObject({});
    expect(await call('initiate-layer-upload', ...where, sandbox.emulator.registryId)).toMatchObject({});
    expect(await refuse('initiate-layer-upload', ...where, 'somebodyelse')).toBe('RegistryNotFoundException');
  });

  test('refusals of repositories', async () => {
    const where = ['--repository-name', 'aws/refused'];
    await call('create-repository', ...where);
    expect(await refuse('create-repository', ...where)).toBe('RepositoryAlreadyExistsException');
    expect(await refuse('create-repository', '--repository-name', 'Not/Lower')).toBe(
      'InvalidParameterException',
    );
    const unknown = await refuseAws(sandbox, 'describe-images', ['--repository-name', 'aws/unknown']);
    expect(unknown).toEqual({
      exception: 'RepositoryNotFoundException',
      text: `The repository with name 'aws/unknown' does not exist in the registry with id '${sandbox.emulator.registryId}'`,
    });
  });

  test('refusals of an upload', async () => {
    const repository = 'aws/uploads';
    const where = ['--repository-name', repository];
    await call('create-repository', ...where);
    const bytes = makeRandomBytes('uploads', 6 * MIB);
    const complete = (uploadId: string, digest: string) =>
      refuse('complete-layer-upload', ...where, '--upload-id', uploadId, '--layer-digests', digest);

    const { uploadId } = await initiate(repository);
    expect(await complete(uploadId, digestOf(bytes))).toBe('EmptyUploadException');
    await call('upload-layer-part', ...partOf(repository, uploadId, 0, bytes));
    const hole = await refuseAws(
      sandbox,
      'upload-layer-part',
      partOf(repository, uploadId, bytes.length + 1, bytes),
    );
    expect(hole).toEqual({
      exception: 'InvalidLayerPartException',
      text: `First byte of the layer part is ${bytes.length + 1} instead of ${bytes.length}`,
    });
    expect(await complete(uploadId, digestOf(Buffer.from('other')))).toBe('InvalidLayerException');

    await upload(repository, bytes);
    const again = await initiate(repository);
    await call('upload-layer-part', ...partOf(repository, again.uploadId, 0, bytes));
    expect(await complete(again.uploadId, digestOf(bytes))).toBe('LayerAlreadyExistsException');

    const small = await initiate(repository);
    const tiny = bytes.subarray(0, MIB);
    await call('upload-layer-part', ...partOf(repository, small.uploadId, 0, tiny));
    await call('upload-layer-part', ...partOf(repository, small.uploadId, MIB, bytes.subarray(MIB)));
    expect(await complete(small.uploadId, digestOf(bytes))).toBe('LayerPartTooSmallException');

    const vanished = '01234567-89ab-cdef-0123-456789abcdef';
    expect(await refuse('upload-layer-part', ...partOf(repository, vanished, 0, tiny))).toBe(
      'UploadNotFoundException',
    );
  });

  test('refusals of an image', async () => {
    const repository = 'aws/images';
    await call('create-repository', '--repository-name', repository);
    const layer = makeRandomBytes('images', 1000);
    const { config, manifest } = makeImage(layer);
    expect(await refuse('put-image', ...putOptions(repository, manifest))).toBe('LayersNotFoundException');
    await upload(repository, gzipSync(layer));
    await upload(repository, config);
    const wrong = ['--image-digest', digestOf(Buffer.from('other'))];
    expect(await refuse('put-image', ...putOptions(repository, manifest), ...wrong)).toBe(
      'ImageDigestDoesNotMatchException',
    );
    expect(await refuse('put-image', ...putOptions(repository, '{"schemaVersion"'))).toBe(
      'InvalidParameterException',
    );
    await call('put-image', ...putOptions(repository, manifest));
    const again = await refuseAws(sandbox, 'put-image', putOptions(repository, manifest));
    expect(again).toEqual({
      exception: 'ImageAlreadyExistsException',
      text:
        `Image with digest '${digestOf(Buffer.from(manifest))}' and tag 'v1' already exists in the repository ` +
        `with name '${repository}' in registry with id '${sandbox.emulator.registryId}'`,
    });
    await call('put-image', ...putOptions(repository, manifest, 'v2'));
    expect(await refuse('put-image', ...putOptions(repository, manifest, 'not/a/tag'))).toBe(
      'InvalidParameterException',
    );

    const list = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json',
      manifests: [
        {
          ...{ mediaType: DOCKER_MANIFEST, size: 2, digest: digestOf(Buffer.from('{}')) },
          platform: { architecture: 'amd64', os: 'linux' },
        },
      ],
    });
    const where = ['--repository-name', repository, '--image-manifest', `file://${keep(list)}`];
    expect(await refuse('put-image', ...where)).toBe('ReferencedImagesNotFoundException');
  });

  test('refusals of a signature', async () => {
    const refusal = (env: Record<string, string>) => refuseAws(sandbox, 'describe-repositories', [], env);
    expect(await refusal({ AWS_SECRET_ACCESS_KEY: 'another' })).toMatchObject({
      exception: 'InvalidSignatureException',
    });
    expect(await refusal({ AWS_ACCESS_KEY_ID: 'AKIAANOTHER' })).toEqual({
      exception: 'UnrecognizedClientException',
      text: 'The security token included in the request is invalid.',
    });
  });
});
