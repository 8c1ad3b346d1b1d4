import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { type Client, describeWithClients, requireClient } from './support/clients.ts';
import { LOGIN_WAYS, makeClientHome, makeLoggedInHome } from './support/logged-in.ts';
import { keepApart } from './support/podman.ts';
import { Sandbox } from './support/sandbox.ts';

// What `ecrp login` and the credential helper give is all that these clients need to push and pull. docker has a test beside its engine.

const archives = join(import.meta.dirname, '../../fixtures/archives');
const dockerArchive = join(archives, 'docker-20.10-one.tar');
const ociArchive = join(archives, 'skopeo-oci.tar');

/** Arguments of a client. `reference` is `HOST/alias/repository:tag`; `directory` is empty. */
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

describe('with what ecrp gives them', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
  });
  afterAll(() => sandbox.close());

  for (const [name, commands] of Object.entries(describeClients(() => sandbox))) {
    // The keys of the table.
    const client = name as Client;
    describeWithClients(client, [client], () => {
      test.each(LOGIN_WAYS)(
        `${client} pushes and pulls with %s, and pushes nothing without`,
        async (way, options) => {
          const namespace = `ways/${options.length}`;
          const repositoryName = `${namespace}/${client}`;
          await callApi(sandbox.emulator, 'CreateRepository', { repositoryName });
          const reference = sandbox.locate(`${repositoryName}:1.0.0`);
          const directory = sandbox.makeDirectory('way');
          const run = (argv: readonly string[] | undefined, env: Record<string, string>) =>
            argv && sandbox.tryRun(requireClient(client), argv, { env });
          const describeImages = async () =>
            (await callApi(sandbox.emulator, 'DescribeImages', { repositoryName })).imageDetails ?? [];

          const without = makeClientHome(sandbox);
          const prepared = await run(commands.prepare?.(reference, directory), without);
          if (prepared) expect(prepared, prepared.stderr).toMatchObject({ status: 0 });
          expect((await run(commands.push(reference, directory), without))?.status, way).not.toBe(0);
          expect(await describeImages()).toEqual([]);

          const env = await makeLoggedInHome(sandbox, options);
          const pushed = await run(commands.push(reference, directory), env);
          expect(pushed, pushed?.stderr).toMatchObject({ status: 0 });
          expect(await describeImages()).toMatchObject([{ imageTags: ['1.0.0'] }]);
          await run(commands.forget?.(reference, directory), env);
          const pulled = await run(commands.pull(reference, sandbox.makeDirectory('pulled')), env);
          expect(pulled, pulled?.stderr).toMatchObject({ status: 0 });
        },
      );
    });
  }
});
