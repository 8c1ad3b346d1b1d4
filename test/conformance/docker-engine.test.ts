import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { describeWithClients } from './support/clients.ts';
import { Dockerd } from './support/dockerd.ts';
import { readFetched, readSource } from './support/image-facts.ts';
import { JUDGES, judgePush } from './support/judge.ts';
import { LOGIN_WAYS, makeLoggedInHome } from './support/logged-in.ts';
import { breakLogin, spoilPassword } from './support/login-file.ts';
import { IN_PARTS, makeRootTar } from './support/made-image.ts';
import { readInspection } from './support/podman.ts';
import { judgePushAgain } from './support/round-trip.ts';
import { Sandbox } from './support/sandbox.ts';
import { fetchWithSkopeo } from './support/skopeo.ts';

const archives = join(import.meta.dirname, '../../fixtures/archives');

describeWithClients('the Docker engine', [...JUDGES, 'docker', 'dockerd'], () => {
  let sandbox: Sandbox;
  let started: Dockerd | string;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    started = await Dockerd.start(sandbox);
    if (typeof started === 'string') return;
    await started.docker('load', '--quiet', '--input', join(archives, 'docker-20.10-one.tar'));
    await started.docker('import', await makeRootTar(sandbox), 'made/big:1');
  });
  afterAll(async () => {
    try {
      if (started instanceof Dockerd) await started.close();
    } finally {
      await sandbox.close();
    }
  });

  /** Returns the engine. Skips the test with the reason if the engine did not start. */
  function engine(context: TestContext): Dockerd {
    return typeof started === 'string' ? context.skip(started) : started;
  }

  /** Saves images with docker and returns the path of the archive. */
  async function save(dockerd: Dockerd, ...names: readonly string[]): Promise<string> {
    const file = join(sandbox.makeDirectory('saved'), 'image.tar');
    await dockerd.docker('save', '--output', file, ...names);
    return file;
  }

  test.for([
    ['several layers, two of them the same', 'fixture/app:1.0'],
    ['a layer of several parts', 'made/big:1'],
  ] as const)('docker save: %s', async ([, name], context) => {
    const file = await save(engine(context), name);
    const result = await sandbox.push(file, `saved/${name}`, ...IN_PARTS);
    await judgePush(sandbox, `saved/${name}`, result, await readSource(sandbox, file));
  });

  test('docker save through a pipe, without a temporary file', async (context) => {
    const dockerd = engine(context);
    const file = await save(dockerd, 'made/big:1');
    const result = await sandbox.pushPiped(
      dockerd.command('save', 'made/big:1'),
      'saved/piped:1',
      ...IN_PARTS,
    );
    await judgePush(sandbox, 'saved/piped:1', result, await readSource(sandbox, file));
  });

  test('docker save of an image ID', async (context) => {
    const dockerd = engine(context);
    const { stdout } = await dockerd.docker('image', 'inspect', '--format', '{{.Id}}', 'fixture/app:1.0');
    const file = await save(dockerd, stdout.trim());
    await judgePush(
      sandbox,
      'saved/id:1',
      await sandbox.push(file, 'saved/id:1'),
      await readSource(sandbox, file),
    );
  });

  test('docker save of several images', async (context) => {
    const file = await save(engine(context), 'fixture/app:1.0', 'made/big:1');
    const result = await sandbox.push(file, 'saved/several:1', '--image', 'made/big:1', ...IN_PARTS);
    await judgePush(sandbox, 'saved/several:1', result, await readSource(sandbox, file, 'made/big:1'));
  });

  test('docker save of names at the registry host needs no reference', async (context) => {
    const dockerd = engine(context);
    const name = sandbox.locate('saved/named:1');
    await dockerd.docker('tag', 'fixture/app:1.0', name);
    const file = await save(dockerd, name);
    await judgePush(sandbox, 'saved/named:1', await sandbox.push(file), await readSource(sandbox, file));
  });

  test.for(['docker-20.10-one.tar', 'skopeo-oci-dir', 'skopeo-multi-oci.tar'])(
    'docker pull of %s',
    async (entry, context) => {
      const dockerd = engine(context);
      const reference = `pulled/${entry.replaceAll('.', '-')}:1`;
      await sandbox.push(join(archives, entry), reference);
      const fetched = readFetched(await fetchWithSkopeo(sandbox, reference));
      await dockerd.docker('pull', '--quiet', sandbox.locate(reference));
      const { stdout } = await dockerd.docker('image', 'inspect', sandbox.locate(reference));
      const image = fetched.images.find(({ architecture }) => architecture === 'amd64');
      const pulled = readInspection(stdout);
      expect(pulled).toMatchObject({ configDigest: image?.configDigest, diffIds: image?.diffIds });
      expect(pulled.manifestDigests).toContain(fetched.rootDigest);
    },
  );

  test('docker pull --platform gets the image for that platform', async (context) => {
    const dockerd = engine(context);
    const name = sandbox.locate('pulled/platforms:1');
    await sandbox.push(join(archives, 'buildah-multi-oci-dir'), 'pulled/platforms:1');
    for (const architecture of ['arm64', 'amd64']) {
      const platform = ['--platform', `linux/${architecture}`];
      await dockerd.docker('pull', '--quiet', ...platform, name);
      // Nothing runs the command, but there must be one.
      const container = (await dockerd.docker('create', ...platform, name, 'none')).stdout.trim();
      const copy = join(sandbox.makeDirectory('copied'), 'arch');
      await dockerd.docker('cp', `${container}:/arch`, copy);
      expect(readFileSync(copy, 'utf8')).toBe(`${architecture}\n`);
      await dockerd.docker('rm', container);
      await dockerd.docker('rmi', name);
    }
  });

  test('docker pulls and saves an image, and a push of that changes nothing', async (context) => {
    const dockerd = engine(context);
    const reference = 'saved/again:1';
    const pushed = await sandbox.push(await save(dockerd, 'fixture/app:1.0'), reference);
    await dockerd.docker('rmi', 'fixture/app:1.0');
    await dockerd.docker('pull', '--quiet', sandbox.locate(reference));
    await judgePushAgain(sandbox, await save(dockerd, sandbox.locate(reference)), reference, pushed);
    await dockerd.docker('tag', sandbox.locate(reference), 'fixture/app:1.0');
  });

  test('docker login takes the password of ecrp token, and no other', async (context) => {
    const dockerd = engine(context);
    const { stdout: password } = await sandbox.ecrp('token', '--password');
    const login = ['login', '--username', 'AWS', '--password-stdin', sandbox.emulator.registryHost];
    const refused = await dockerd.tryDocker(login, { input: spoilPassword(password) });
    expect(refused.status).not.toBe(0);
    expect(await dockerd.tryDocker(login, { input: password })).toMatchObject({ status: 0 });
    await dockerd.docker('logout', sandbox.emulator.registryHost);
  });

  test('docker push and pull: the service describes the pushed image, and docker pulls it back', async (context) => {
    const dockerd = engine(context);
    const env = { DOCKER_CONFIG: sandbox.makeDirectory('config') };
    const repositoryName = 'pushed/docker';
    const images = ['fixture/app:1.0', 'made/big:1'];
    await callApi(sandbox.emulator, 'CreateRepository', { repositoryName });
    const push = async (image: string, tag: string) => {
      await dockerd.docker('tag', image, sandbox.locate(`${repositoryName}:${tag}`));
      return dockerd.tryDocker(['push', '--quiet', sandbox.locate(`${repositoryName}:${tag}`)], { env });
    };
    expect((await push(images[0] ?? '', 'denied')).stderr).toMatch(/denied|unauthorized|authorization/i);
    const { stdout: input } = await sandbox.ecrp('token', '--password');
    const login = ['login', '--username', 'AWS', '--password-stdin', sandbox.emulator.registryHost];
    expect(await dockerd.tryDocker(login, { env, input })).toMatchObject({ status: 0 });
    for (const [at, image] of images.entries()) {
      const pushed = await push(image, `v${at}`);
      expect(pushed, pushed.stderr).toMatchObject({ status: 0 });
    }
    const { imageDetails = [] } = await callApi(sandbox.emulator, 'DescribeImages', { repositoryName });
    expect(imageDetails.map((detail) => detail.imageTags)).toEqual([['v0'], ['v1']]);
    for (const [at, { imageDigest }] of imageDetails.entries()) {
      const name = sandbox.locate(`${repositoryName}:v${at}`);
      const before = readInspection((await dockerd.docker('image', 'inspect', name)).stdout);
      await dockerd.docker('rmi', name);
      expect(await dockerd.tryDocker(['pull', '--quiet', name], { env })).toMatchObject({ status: 0 });
      const pulled = readInspection((await dockerd.docker('image', 'inspect', name)).stdout);
      expect(pulled).toMatchObject({ configDigest: before.configDigest, diffIds: before.diffIds });
      expect(pulled.manifestDigests).toContain(imageDigest);
    }
  });

  test.for(LOGIN_WAYS)('docker pushes and pulls with %s', async ([, options], context) => {
    const dockerd = engine(context);
    const env = await makeLoggedInHome(sandbox, options);
    const repositoryName = `ways/docker${options.length}`;
    await callApi(sandbox.emulator, 'CreateRepository', { repositoryName });
    const name = sandbox.locate(`${repositoryName}:1`);
    await dockerd.docker('tag', 'fixture/app:1.0', name);
    const pushed = await dockerd.tryDocker(['push', '--quiet', name], { env });
    expect(pushed, pushed.stderr).toMatchObject({ status: 0 });
    await dockerd.docker('rmi', name);
    const pulled = await dockerd.tryDocker(['pull', '--quiet', name], { env });
    expect(pulled, pulled.stderr).toMatchObject({ status: 0 });
  });

  test('docker pull uses the login that ecrp login wrote', async (context) => {
    const dockerd = engine(context);
    const config = sandbox.makeDirectory('config');
    const env = { DOCKER_CONFIG: config };
    await sandbox.push(join(archives, 'docker-20.10-one.tar'), 'pulled/private:1');
    expect(await sandbox.tryEcrp(['login'], { env })).toMatchObject({ status: 0 });
    const pull = ['pull', '--quiet', sandbox.locate('pulled/private:1')];
    expect(await dockerd.tryDocker(pull, { env })).toMatchObject({ status: 0 });
    // Docker would pull without credentials too. Wrong ones show that it sends them.
    breakLogin(join(config, 'config.json'), sandbox.emulator.registryHost);
    await dockerd.docker('rmi', sandbox.locate('pulled/private:1'));
    expect((await dockerd.tryDocker(pull, { env })).status).not.toBe(0);
  });
});
