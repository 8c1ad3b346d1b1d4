import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runHelperProgram } from '../../src/cli/credential-helper.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { locateArchive } from '../support/archives.ts';
import { makeHome, runCli } from '../support/cli.ts';
import { endWithTests } from '../support/end-with-tests.ts';
import { describeWithClients, findClient, requireAwsCli, requireClient } from './support/clients.ts';
import { runToSuccess } from './support/process.ts';

// moto answers in the place of private ECR. It judges signatures' scopes, parts and their order, but no digest of a layer: it keeps sizes alone.
// PATH=$(.ci/moto):$PATH npx vitest run test/conformance/moto.test.ts

const one = locateArchive('docker-20.10-one.tar');
const other = locateArchive('skopeo-oci.tar');
const index = locateArchive('skopeo-multi-oci.tar');

const LIFECYCLE = join(import.meta.dirname, '../../fixtures/policies/lifecycle.json');

/** moto's only account, and a region that only the reference names. */
const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

describeWithClients('moto as private ECR', ['moto-server'], () => {
  let url = '';
  let home: Awaited<ReturnType<typeof makeHome>>;
  let stop: () => void;
  beforeAll(async () => {
    home = await makeHome();
    const server = spawn(requireClient('moto-server'), ['-H', '127.0.0.1', '-p', '0'], { env: home.env });
    endWithTests(server);
    stop = () => server.kill();
    url = await new Promise<string>((resolve, reject) => {
      let said = '';
      const listen = (chunk: Buffer): void => {
        said += String(chunk);
        const found = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      };
      server.stdout.on('data', listen);
      server.stderr.on('data', listen);
      server.once('exit', () => reject(new Error(`moto ended: ${said}`)));
    });
  }, 120_000);
  afterAll(async () => {
    stop();
    await home.remove();
  });

  const makeEnv = (): Record<string, string> => ({
    ...home.env,
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    AWS_ENDPOINT_URL_ECR: url,
    // Another region than that of the host: the host decides.
    AWS_REGION: 'us-west-2',
  });
  const ecrp = (...argv: readonly string[]) =>
    runCli([...argv, '--json'], { env: makeEnv(), cwd: home.directory });
  const succeed = async (...argv: readonly string[]) => {
    const result = await ecrp(...argv);
    expect(result.status, result.stderr).toBe(0);
    return result.json();
  };

  test('takes a whole push, and the same again without a byte', async () => {
    const reference = `${HOST}/team/app:1.0`;
    expect(await succeed('push', one, reference, '-t', 'latest', '--create-repo')).toMatchObject({
      reference,
      registryId: '123456789012',
      tags: [{ status: 'created' }, { status: 'created' }],
      layers: { uploaded: 5 },
    });
    expect(await succeed('push', one, reference)).toMatchObject({
      tags: [{ imageTag: '1.0', status: 'unchanged' }],
      layers: { uploaded: 0, existing: 5 },
    });
    expect(await succeed('push', index, `${HOST}/team/app:multi`)).toMatchObject({
      manifests: [{ status: 'put' }, { status: 'put' }, { status: 'put' }],
    });
  });

  test('refuses to move an immutable tag: the digests decide what its exceptions mean', async () => {
    const reference = `${HOST}/kept:1.0`;
    const { imageDigest } = await succeed('push', one, reference, '--create-repo', '--immutable-tags');
    expect(await succeed('push', one, reference)).toMatchObject({ tags: [{ status: 'unchanged' }] });
    const refused = await ecrp('push', other, reference);
    expect(refused.status).toBe(6);
    expect(refused.json().error).toMatchObject({ message: expect.stringContaining(String(imageDigest)) });
  });

  test('has no repository that was not created', async () => {
    const refused = await ecrp('push', one, `${HOST}/none:1`);
    expect(refused.status).toBe(5);
    expect(refused.json().error).toMatchObject({ awsError: 'RepositoryNotFoundException' });
  });

  test('takes a layer of several parts, which it wants in order', async () => {
    await writeFile(join(home.directory, 'large.bin'), Buffer.alloc(12 * 1024 * 1024, 'part'));
    const argv = ['large.bin', '--artifact-type', 'application/vnd.example', '--part-size', '5'];
    const result = await ecrp('push', `${HOST}/large:1`, ...argv, '--create-repo', '--verbose');
    expect(result.status, result.stderr).toBe(0);
    // Three of the layer, and one of the config.
    expect(result.stderr.match(/^UploadLayerPart: .*$/gm)).toHaveLength(4);
  });

  test('manages repositories for us', async () => {
    const repository = `${HOST}/managed`;
    const created = await succeed('repo', 'create', repository, '--scan-on-push', '--resource-tag', 'a=b');
    expect(created).toMatchObject({ imageScanningConfiguration: { scanOnPush: true }, status: 'created' });
    expect(await succeed('repo', 'describe', repository)).toMatchObject({ repositoryUri: repository });
    const { repositories } = await succeed('repo', 'list', HOST);
    expect(repositories).toEqual(
      expect.arrayContaining([expect.objectContaining({ repositoryName: 'managed' })]),
    );
    await succeed('policy', 'grant', repository, '--push', '210987654321');
    expect(await succeed('policy', 'get', repository)).toMatchObject({
      policyText: expect.stringContaining('ecr:PutImage'),
    });
    await succeed('repo', 'delete', repository, '--yes');
    expect(await ecrp('repo', 'describe', repository)).toMatchObject({ status: 5 });
  });

  test('lists and tags images, and keeps a lifecycle policy', async () => {
    const repository = `${HOST}/listed`;
    const { imageDigest } = await succeed('push', one, `${repository}:1.0`, '--create-repo');
    await succeed('image', 'tag', `${repository}:1.0`, 'stable');
    expect(await succeed('image', 'list', repository)).toMatchObject({
      imageDetails: [{ imageDigest, imageTags: expect.arrayContaining(['1.0', 'stable']) }],
    });
    const rule = {
      ...{ rulePriority: 1, description: 'keep the ten newest images', action: { type: 'expire' } },
      selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 10 },
    };
    await writeFile(join(home.directory, 'lifecycle.json'), JSON.stringify({ rules: [rule] }));
    await succeed('lifecycle', 'set', repository, '--policy', 'lifecycle.json');
    expect(await succeed('lifecycle', 'get', repository)).toMatchObject({
      lifecyclePolicyText: expect.stringContaining('imageCountMoreThan'),
    });
    await succeed('image', 'delete', `${repository}@${imageDigest}`, '--yes');
    expect(await succeed('image', 'list', repository)).toMatchObject({ imageDetails: [] });
  });

  test('gives tokens that say they ended in 2015: they are used, with a warning', async () => {
    const configured = { ...makeEnv(), DOCKER_CONFIG: join(home.directory, 'docker') };
    const login = await runCli(['login', HOST], { env: configured });
    expect(login.status, login.stderr).toBe(0);
    expect(login.stderr).toMatch(/^warning: .* the token ended at 2015-01-01\S+: check the clock/m);
    const { password } = await succeed('token', HOST, '--password');
    const config: { auths: Record<string, { auth: string }> } = JSON.parse(
      await readFile(join(home.directory, 'docker', 'config.json'), 'utf8'),
    );
    const stored = Buffer.from(config.auths[HOST]?.auth ?? '', 'base64').toString();
    expect(stored).toBe(`AWS:${password}`);
    const got = await runCli(['get'], { env: makeEnv(), stdin: HOST, main: runHelperProgram });
    expect(JSON.parse(got.stdout)).toEqual({ ServerURL: HOST, Username: 'AWS', Secret: password });
  });

  test('keeps lifecycle policies for us', async () => {
    const repository = `${HOST}/lifecycle`;
    await succeed('repo', 'create', repository);
    const set = await succeed('lifecycle', 'set', repository, '--policy', LIFECYCLE);
    expect(set).toMatchObject({ status: 'created', changes: [{ rulePriority: 1 }, { rulePriority: 2 }] });
    const { lifecyclePolicy } = await succeed('lifecycle', 'get', repository);
    expect(lifecyclePolicy).toEqual(JSON.parse(await readFile(LIFECYCLE, 'utf8')));
    expect(await succeed('lifecycle', 'set', repository, '--policy', LIFECYCLE)).toMatchObject({
      status: 'unchanged',
    });
    expect(await succeed('lifecycle', 'delete', repository)).toMatchObject({ status: 'deleted' });
    expect(await ecrp('lifecycle', 'get', repository)).toMatchObject({ status: 5 });
  });

  test('lists, tags, untags, prunes and deletes images for us', async () => {
    const repository = `${HOST}/images`;
    await succeed('push', index, `${repository}:1.0`, '--create-repo');
    await succeed('push', one, `${repository}:old`);
    expect(await succeed('image', 'tag', `${repository}:1.0`, 'latest')).toMatchObject({
      tags: [{ imageTag: 'latest', status: 'created' }],
    });
    const { imageTagDetails } = await succeed('image', 'list', repository, '--tags');
    // as: a list, by the schema
    const tags = (imageTagDetails as { imageTag: string }[]).map(({ imageTag }) => imageTag);
    expect(tags.sort()).toEqual(['1.0', 'latest', 'old']);
    expect(await succeed('image', 'untag', `${repository}:latest`)).toMatchObject({
      deleted: [{ imageTag: 'latest' }],
    });
    const pruned = await succeed('image', 'prune', repository, '--keep', '0', '--match', 'old', '--yes');
    expect(pruned).toMatchObject({ deleted: [{ imageTag: 'old' }] });
    await succeed('image', 'delete', `${repository}:1.0`, '--with-children', '--yes');
    expect(await succeed('image', 'list', repository)).toMatchObject({ imageDetails: [] });
  });

  describe.skipIf(findClient('aws') === undefined)('the aws CLI', () => {
    test('finds there what was pushed', async () => {
      const { imageDigest } = await succeed('push', one, `${HOST}/read:1.0`, '--create-repo');
      const argv = ['ecr', 'batch-get-image', '--repository-name', 'read', '--image-ids', 'imageTag=1.0'];
      const { stdout } = await runToSuccess(
        requireAwsCli(),
        [...argv, '--region', 'eu-west-1', '--endpoint-url', url],
        { env: { ...makeEnv(), PATH: process.env.PATH ?? '' } },
      );
      // The CLI prints an object.
      const { images } = JSON.parse(stdout) as { images: { imageId: object; imageManifest: string }[] };
      expect(images).toMatchObject([{ imageId: { imageTag: '1.0', imageDigest } }]);
      expect(digestOf(images[0]?.imageManifest ?? '')).toBe(imageDigest);
    });
  });
});
