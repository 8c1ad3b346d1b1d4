import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { type Client, describeWithClients, requireClient } from './support/clients.ts';
import { LOGIN_WAYS, makeClientHome, makeLoggedInHome } from './support/logged-in.ts';
import { keepApart } from './support/podman.ts';
import { PrivateRegistry } from './support/private-registry.ts';
import type { Sandbox } from './support/sandbox.ts';

// What `ecrp login` and the credential helper give is all that these clients need to push and pull. docker has a test beside its engine.

const archives = join(import.meta.dirname, '../../fixtures/archives');
const dockerArchive = join(archives, 'docker-20.10-one.tar');
const ociArchive = join(archives, 'skopeo-oci.tar');

/** Arguments of a client. `reference` is `HOST/alias/repository:tag`, without an alias in private ECR; `directory` is empty. */
interface Commands {
  /** Makes something to push, without the registry. */
  prepare?(reference: string, directory: string): readonly string[];
  push(reference: string, directory: string): readonly string[];
  /** Forgets the local copy, so that a pull gets it from the registry. */
  forget?(reference: string, directory: string): readonly string[];
  pull(reference: string, directory: string): readonly string[];
}

const withoutTag = (reference: string) => reference.slice(0, reference.lastIndexOf(':'));
const namespaceOf = (reference: string) => reference.slice(0, reference.lastIndexOf('/'));

function describeClients(sandbox: () => Sandbox): Partial<Record<Client, Commands>> {
  const podman = () => keepApart(sandbox(), 'ways');
  return {
    skopeo: {
      push: (reference) => [
        ...['--insecure-policy', 'copy', '--quiet', '--dest-tls-verify=false'],
        ...[`oci-archive:${ociArchive}`, `docker://${reference}`],
      ],
      pull: (reference, directory) => [
        ...['--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false'],
        ...[`docker://${reference}`, `dir:${join(directory, 'pulled')}`],
      ],
    },
    podman: {
      prepare: () => [...podman(), 'load', '--quiet', '--input', dockerArchive],
      push: (reference) => [
        ...[...podman(), 'push', '--quiet', '--tls-verify=false'],
        ...['localhost/fixture/app:1.0', reference],
      ],
      forget: () => [...podman(), 'rmi', '--all', '--force'],
      pull: (reference) => [...podman(), 'pull', '--quiet', '--tls-verify=false', reference],
    },
    crane: {
      push: (reference) => ['push', dockerArchive, reference],
      pull: (reference, directory) => ['pull', '--format', 'oci', reference, join(directory, 'pulled')],
    },
    helm: {
      prepare: (_, directory) => {
        mkdirSync(join(directory, 'helm'));
        writeFileSync(join(directory, 'helm', 'Chart.yaml'), 'apiVersion: v2\nname: helm\nversion: 1.0.0\n');
        return ['package', join(directory, 'helm'), '--destination', directory];
      },
      push: (reference, directory) => [
        ...['push', '--plain-http', join(directory, 'helm-1.0.0.tgz')],
        `oci://${namespaceOf(reference)}`,
      ],
      pull: (reference, directory) => [
        ...['pull', '--plain-http', `oci://${withoutTag(reference)}`],
        ...['--version', '1.0.0', '--destination', directory],
      ],
    },
  };
}

/** What the tests need of a registry. */
interface TestedRegistry {
  readonly host: string;
  locate(reference: string): string;
  create(repositoryName: string): Promise<unknown>;
  describe(repositoryName: string): Promise<unknown>;
}

function openEcrPublic(sandbox: Sandbox): TestedRegistry {
  const { emulator } = sandbox;
  return {
    host: emulator.registryHost,
    locate: (reference) => sandbox.locate(reference),
    create: (repositoryName) => callApi(emulator, 'CreateRepository', { repositoryName }),
    describe: async (repositoryName) =>
      (await callApi(emulator, 'DescribeImages', { repositoryName })).imageDetails ?? [],
  };
}

describe('with what ecrp gives them', () => {
  let privateRegistry: PrivateRegistry;
  beforeAll(async () => {
    privateRegistry = await PrivateRegistry.start();
  });
  afterAll(() => privateRegistry.sandbox.close());

  const services = [
    ['ECR Public', (): TestedRegistry => openEcrPublic(privateRegistry.sandbox)],
    ['private ECR', (): TestedRegistry => privateRegistry],
  ] as const;
  const cases = services.flatMap(([service, open]) =>
    LOGIN_WAYS.map(([way, options]) => ({ service, open, way, options })),
  );

  for (const [name, commands] of Object.entries(describeClients(() => privateRegistry.sandbox))) {
    // The keys of the table.
    const client = name as Client;
    describeWithClients(client, [client], () => {
      test.each(cases)(
        `${client} pushes to $service and pulls with $way, and does not without`,
        async ({ service, open, way, options }) => {
          const { sandbox } = privateRegistry;
          const registry = open();
          const repositoryName = `ways/${options.length}/${client}`;
          await registry.create(repositoryName);
          const reference = registry.locate(`${repositoryName}:1.0.0`);
          const directory = sandbox.makeDirectory('way');
          const run = (argv: readonly string[] | undefined, env: Record<string, string>) =>
            argv && sandbox.tryRun(requireClient(client), argv, { env });

          const without = makeClientHome(sandbox);
          const prepared = await run(commands.prepare?.(reference, directory), without);
          if (prepared) expect(prepared, prepared.stderr).toMatchObject({ status: 0 });
          expect((await run(commands.push(reference, directory), without))?.status, way).not.toBe(0);
          expect(await registry.describe(repositoryName)).toEqual([]);

          const env = await makeLoggedInHome(sandbox, [...options, registry.host]);
          const pushed = await run(commands.push(reference, directory), env);
          expect(pushed, pushed?.stderr).toMatchObject({ status: 0 });
          expect(await registry.describe(repositoryName)).toMatchObject([{ imageTags: ['1.0.0'] }]);
          await run(commands.forget?.(reference, directory), env);
          const anonymous = await run(commands.pull(reference, sandbox.makeDirectory('anonymous')), without);
          // Anyone can pull from ECR Public.
          expect(anonymous?.status === 0, anonymous?.stderr).toBe(service === 'ECR Public');
          await run(commands.forget?.(reference, directory), env);
          const pulled = await run(commands.pull(reference, sandbox.makeDirectory('pulled')), env);
          expect(pulled, pulled?.stderr).toMatchObject({ status: 0 });
        },
      );
    });
  }
});
