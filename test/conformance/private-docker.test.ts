import { join } from 'node:path';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { describeWithClients } from './support/clients.ts';
import { Dockerd } from './support/dockerd.ts';
import { LOGIN_WAYS, makeLoggedInHome } from './support/logged-in.ts';
import { spoilPassword } from './support/login-file.ts';
import { makeRootTar } from './support/made-image.ts';
import { readInspection } from './support/podman.ts';
import { PrivateRegistry } from './support/private-registry.ts';

const archives = join(import.meta.dirname, '../../fixtures/archives');

describeWithClients('the Docker engine and private ECR', ['docker', 'dockerd', 'tar'], () => {
  let registry: PrivateRegistry;
  let started: Dockerd | string;
  let env: Record<string, string>;
  beforeAll(async () => {
    registry = await PrivateRegistry.start();
    env = { DOCKER_CONFIG: registry.sandbox.makeDirectory('config') };
    started = await Dockerd.start(registry.sandbox);
    if (typeof started === 'string') return;
    await started.docker('load', '--quiet', '--input', join(archives, 'docker-20.10-one.tar'));
    await started.docker('import', await makeRootTar(registry.sandbox), 'made/big:1');
  });
  afterAll(async () => {
    try {
      if (started instanceof Dockerd) await started.close();
    } finally {
      await registry.sandbox.close();
    }
  });

  /** Returns the engine. Skips the test with the reason if the engine did not start. */
  function engine(context: TestContext): Dockerd {
    return typeof started === 'string' ? context.skip(started) : started;
  }

  const push = async (dockerd: Dockerd, image: string, reference: string) => {
    await dockerd.docker('tag', image, registry.locate(reference));
    return dockerd.tryDocker(['push', '--quiet', registry.locate(reference)], { env });
  };

  test('docker login takes the password of the service alone, and without it nothing is pushed', async (context) => {
    const dockerd = engine(context);
    const name = await registry.create('docker/logins');
    const login = ['login', '--username', 'AWS', '--password-stdin', registry.host];
    // Docker's words for a challenge without credentials.
    expect((await push(dockerd, 'fixture/app:1.0', `${name}:1`)).stderr).toContain(
      'no basic auth credentials',
    );
    const refused = await dockerd.tryDocker(login, { env, input: spoilPassword(registry.password) });
    expect(refused.status).not.toBe(0);
    expect(await dockerd.tryDocker(login, { env, input: registry.password })).toMatchObject({ status: 0 });
    expect(await registry.describe(name)).toEqual([]);
  });

  test('docker pushes images, the service describes them, and docker pulls them back', async (context) => {
    const dockerd = engine(context);
    const name = await registry.create('docker/app');
    for (const [at, image] of ['fixture/app:1.0', 'made/big:1'].entries()) {
      const pushed = await push(dockerd, image, `${name}:v${at}`);
      expect(pushed, pushed.stderr).toMatchObject({ status: 0 });
      const reference = registry.locate(`${name}:v${at}`);
      const before = readInspection((await dockerd.docker('image', 'inspect', reference)).stdout);
      await dockerd.docker('rmi', reference);
      const pulled = await dockerd.tryDocker(['pull', '--quiet', reference], { env });
      expect(pulled, pulled.stderr).toMatchObject({ status: 0 });
      const after = readInspection((await dockerd.docker('image', 'inspect', reference)).stdout);
      expect(after).toMatchObject({ configDigest: before.configDigest, diffIds: before.diffIds });
      expect(after.manifestDigests).toContain(await registry.findDigest(name, `v${at}`));
    }
  });

  test.for(LOGIN_WAYS)('docker pushes and pulls with %s', async ([, options], context) => {
    const dockerd = engine(context);
    const name = await registry.create(`docker/ways/${options.length}`);
    const reference = registry.locate(`${name}:1`);
    await dockerd.docker('tag', 'fixture/app:1.0', reference);
    const given = await makeLoggedInHome(registry.sandbox, [...options, registry.host]);
    const pushed = await dockerd.tryDocker(['push', '--quiet', reference], { env: given });
    expect(pushed, pushed.stderr).toMatchObject({ status: 0 });
    await dockerd.docker('rmi', reference);
    const pulled = await dockerd.tryDocker(['pull', '--quiet', reference], { env: given });
    expect(pulled, pulled.stderr).toMatchObject({ status: 0 });
  });

  test('docker prints why our helper has no login', async (context) => {
    const dockerd = engine(context);
    const given = await makeLoggedInHome(registry.sandbox, ['--credential-helper', registry.host]);
    const wrong = { ...given, AWS_SECRET_ACCESS_KEY: 'wrong' };
    const reference = registry.locate('docker/unknown:1');
    const { status, stderr } = await dockerd.tryDocker(['pull', reference], { env: wrong });
    expect(status).not.toBe(0);
    // Docker's own words alone would send the user astray.
    expect(stderr).toContain('no basic auth credentials');
    expect(stderr).toMatch(/^docker-credential-ecrp: .*AWS_SECRET_ACCESS_KEY/m);
  });

  test('docker shows why a push fails: no repository, or an immutable tag', async (context) => {
    const dockerd = engine(context);
    const missing = await push(dockerd, 'fixture/app:1.0', 'docker/missing:1');
    expect(missing.stderr).toContain("The repository with name 'docker/missing' does not exist");
    const name = await registry.create('docker/fixed', { imageTagMutability: 'IMMUTABLE' });
    for (const _ of ['new', 'there already']) {
      expect(await push(dockerd, 'fixture/app:1.0', `${name}:1`)).toMatchObject({ status: 0 });
    }
    const moved = await push(dockerd, 'made/big:1', `${name}:1`);
    expect(moved.status).not.toBe(0);
    expect(moved.stderr).toContain('tag invalid: The image tag');
    expect(moved.stderr).toContain('cannot be overwritten because the tag is immutable');
  });
});
