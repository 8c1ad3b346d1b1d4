import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { describeWithClients, requireClient } from './support/clients.ts';
import { Dockerd } from './support/dockerd.ts';
import { type Facts, readSource } from './support/image-facts.ts';
import { JUDGES, judgePush } from './support/judge.ts';
import { IN_PARTS, makeRootTar } from './support/made-image.ts';
import { readInspection, runPodman, startPodmanService } from './support/podman.ts';
import { type PushResult, Sandbox } from './support/sandbox.ts';

// `docker:NAME` as a source, from real engines. What they write for it must be what `docker save` and `podman save` write.

const archives = join(import.meta.dirname, '../../fixtures/archives');
const certificates = join(import.meta.dirname, '../support/certificates/engine');

/** Pushes without a place for temporary files, so the image was sent while the engine wrote it. */
async function pushFrom(
  sandbox: Sandbox,
  argv: readonly string[],
  env: Record<string, string>,
): Promise<PushResult> {
  const ended = await sandbox.tryEcrp(['push', ...argv, '--create-repo', '--json'], {
    env: { TMPDIR: '/nowhere', ...env },
  });
  if (ended.status !== 0) throw new Error(`${argv.join(' ')}: ${ended.stdout}${ended.stderr}`);
  // The contract of the command line fixes the members.
  return JSON.parse(ended.stdout) as PushResult;
}

describeWithClients('images of a Docker engine', [...JUDGES, 'docker', 'dockerd'], () => {
  let sandbox: Sandbox;
  let started: Dockerd | string;
  let port: number;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    port = await findPort();
    started = await Dockerd.start(sandbox, [
      ...['--host', `tcp://127.0.0.1:${port}`, '--tlsverify', '--tlscacert', join(certificates, 'ca.pem')],
      ...['--tlscert', join(certificates, 'cert.pem'), '--tlskey', join(certificates, 'key.pem')],
    ]);
    if (typeof started === 'string') return;
    await started.docker('load', '--quiet', '--input', join(archives, 'docker-20.10-one.tar'));
    await started.docker('import', await makeRootTar(sandbox), 'made/big:1');
    await started.docker('tag', 'made/big:1', 'made/big:latest');
    await started.docker('tag', 'fixture/app:1.0', 'made/big:other');
    await started.docker('import', '--message', 'alone', await makeRootTar(sandbox), 'made/alone:1');
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

  test.for([
    ['several layers, two of them the same', 'fixture/app:1.0'],
    ['a layer of several parts', 'made/big:1'],
  ] as const)(
    '%s: the image is that of docker save, and podman and docker pull it',
    async ([, name], context) => {
      const dockerd = engine(context);
      const env = { DOCKER_HOST: dockerd.host };
      const file = join(sandbox.makeDirectory('saved'), 'image.tar');
      await dockerd.docker('save', '--output', file, name);
      const result = await pushFrom(sandbox, [`docker:${name}`, `engine/${name}`, ...IN_PARTS], env);
      await judgePush(sandbox, `engine/${name}`, result, await readContent(file));
      const piped = await sandbox.pushPiped(dockerd.command('save', name), `piped/${name}`);
      expect(piped.imageDigest).toBe(result.imageDigest);
      const pushed = sandbox.locate(`engine/${name}`);
      const before = readInspection((await dockerd.docker('image', 'inspect', name)).stdout);
      await dockerd.docker('pull', '--quiet', pushed);
      const pulled = readInspection((await dockerd.docker('image', 'inspect', pushed)).stdout);
      expect(pulled.diffIds).toEqual(before.diffIds);
      expect(pulled.manifestDigests).toContain(result.imageDigest);
      // By the digest that the engine has got for it, and by that image's ID.
      const byDigest = `docker:${pushed.replace(/:[^/:]*$/, '')}@${result.imageDigest}`;
      for (const source of [byDigest, `docker:${pulled.configDigest}`]) {
        const again = await pushFrom(sandbox, [source, `engine/${name}`], env);
        expect(again).toMatchObject({ imageDigest: result.imageDigest, layers: { uploaded: 0 } });
      }
    },
  );

  /** Without manifests: the store of containerd has those of layers without compression, which a push compresses. */
  async function readContent(file: string): Promise<Facts> {
    const { images } = await readSource(sandbox, file);
    return {
      images: images.map(({ configDigest, diffIds, architecture }) => ({
        configDigest,
        diffIds,
        architecture,
      })),
    };
  }

  test('a name without a tag means latest, and --all every tag', async (context) => {
    const env = { DOCKER_HOST: engine(context).host };
    const one = await pushFrom(sandbox, ['docker:made/big', 'tags/one:1'], env);
    const every = await sandbox.tryEcrp(
      ['push', 'docker:made/big', 'tags/all', '--all', '--create-repo', '--json'],
      { env },
    );
    expect(every, every.stderr).toMatchObject({ status: 0 });
    const { images } = JSON.parse(every.stdout);
    const tags = images.flatMap((image: { tags: { imageTag: string }[] }) =>
      image.tags.map(({ imageTag }) => imageTag),
    );
    expect(tags.sort()).toEqual(['1', 'latest', 'other']);
    expect(images.map((image: PushResult) => image.imageDigest)).toContain(one.imageDigest);
  });

  test('a name at the registry host needs no reference', async (context) => {
    const dockerd = engine(context);
    const name = sandbox.locate('named/app:1.0');
    await dockerd.docker('tag', 'made/alone:1', name);
    for (const source of [`docker:${name}`, 'docker:made/alone:1']) {
      const result = await pushFrom(sandbox, [source], { DOCKER_HOST: dockerd.host });
      expect(result.reference).toBe(name);
    }
  });

  test('the engine is found by a context of docker, over TLS, and through ssh', async (context) => {
    const dockerd = engine(context);
    const { imageDigest } = await pushFrom(sandbox, ['docker:fixture/app:1.0', 'ways/socket:1'], {
      DOCKER_HOST: dockerd.host,
    });
    const DOCKER_CONFIG = sandbox.makeDirectory('docker');
    const docker = (...options: readonly string[]) =>
      sandbox.tryRun(requireClient('docker'), ['context', ...options], { env: { DOCKER_CONFIG } });
    const tls = ['ca', 'cert', 'key'].map((file) => `${file}=${join(certificates, `${file}.pem`)}`).join(',');
    const tcp = `tcp://127.0.0.1:${port}`;
    await docker('create', 'local', '--docker', `host=${dockerd.host}`);
    await docker('create', 'secure', '--docker', `host=${tcp},${tls}`);
    expect(await docker('use', 'secure')).toMatchObject({ status: 0 });
    const bin = sandbox.makeDirectory('bin');
    // What ssh would run on the other machine, whose own engine is this one.
    const run = `for command; do :; done; DOCKER_HOST=${dockerd.host} exec sh -c "$command"`;
    writeFileSync(join(bin, 'ssh'), `#!/bin/sh\necho "$@" >> ${bin}/log\n${run}\n`, { mode: 0o755 });
    const PATH = `${bin}${delimiter}${sandbox.env.PATH}`;
    const socket = dockerd.host.replace('unix://', '');
    const ways: readonly Record<string, string>[] = [
      { DOCKER_CONFIG },
      { DOCKER_CONFIG, DOCKER_CONTEXT: 'local' },
      { DOCKER_HOST: tcp, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates },
      { DOCKER_HOST: 'ssh://me@build.example:2222', PATH },
      { DOCKER_HOST: `ssh://build.example${socket}`, PATH },
    ];
    for (const [at, env] of ways.entries()) {
      const result = await pushFrom(sandbox, ['docker:fixture/app:1.0', `ways/way${at}:1`], env);
      expect(result.imageDigest).toBe(imageDigest);
    }
    const failed = await sandbox.tryEcrp(['push', 'docker:fixture/app:1.0', 'ways/plain:1'], {
      env: { DOCKER_HOST: tcp },
    });
    expect(failed).toMatchObject({ status: 3, stderr: expect.stringContaining('DOCKER_TLS_VERIFY=1') });
  });

  test('an image that the engine does not have', async (context) => {
    const env = { DOCKER_HOST: engine(context).host };
    const failed = await sandbox.tryEcrp(['push', 'docker:fixture/app:2.0', 'missing/app:1'], { env });
    expect(failed).toMatchObject({ status: 3, stderr: expect.stringContaining('docker:fixture/app:1.0') });
  });
});

describeWithClients("images of podman's service", [...JUDGES, 'docker'], () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    await runPodman(sandbox, 'load', '--quiet', '--input', join(archives, 'docker-20.10-one.tar'));
    await runPodman(sandbox, 'import', '--quiet', await makeRootTar(sandbox), 'localhost/made/big:1');
    const service = await startPodmanService(sandbox);
    sandbox.onClose(() => void service.kill());
  });
  afterAll(() => sandbox.close());

  test.for(['fixture/app:1.0', 'made/big:1'])('%s: the image is that of podman save', async (name) => {
    const file = join(sandbox.makeDirectory('saved'), 'image.tar');
    await runPodman(sandbox, 'save', '--quiet', '--output', file, name);
    // Nothing says where the engine is: its socket is one of the usual ones.
    const result = await pushFrom(sandbox, [`docker:${name}`, `podman/${name}`, ...IN_PARTS], {});
    await judgePush(sandbox, `podman/${name}`, result, await readSource(sandbox, file));
    const fromFile = await sandbox.push(file, `file/${name}`);
    expect(fromFile.imageDigest).toBe(result.imageDigest);
    // Podman names layers by their diff IDs, so known ones are not sent again.
    const again = await pushFrom(sandbox, [`docker:${name}`, `podman/${name}`], {});
    expect(again).toMatchObject({ imageDigest: result.imageDigest, layers: { uploaded: 0 } });
    expect(again).toMatchObject({ bytes: { uploaded: 0 } });
  });

  test('every tag of a repository, and an image by its ID', async () => {
    await runPodman(sandbox, 'tag', 'fixture/app:1.0', 'localhost/fixture/app:2.0');
    const every = await sandbox.tryEcrp([
      'push',
      'docker:fixture/app',
      'podman/all',
      '--all',
      '--create-repo',
      '--json',
    ]);
    expect(every, every.stderr).toMatchObject({ status: 0 });
    const { images } = JSON.parse(every.stdout);
    const { stdout } = await runPodman(sandbox, 'image', 'inspect', 'fixture/app:1.0');
    const { configDigest } = readInspection(stdout);
    const byId = await pushFrom(sandbox, [`docker:${configDigest}`, 'podman/all:id'], {});
    expect(images).toEqual([expect.objectContaining({ imageDigest: byId.imageDigest })]);
  });
});

/** Finds a free port of TCP. */
async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('the server is not on TCP');
  return address.port;
}
