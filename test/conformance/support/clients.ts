import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, test } from 'vitest';

/** Programs that others wrote, found on PATH; ECRP_TEST_SKOPEO and so on name another file. */
export type Client = 'skopeo' | 'podman' | 'buildah' | 'docker' | 'dockerd' | 'aws' | 'tar' | GoClient;

/** What `.ci/go-clients` builds where a Go toolchain is there; the last one is the OCI conformance suite. */
type GoClient = 'crane' | 'oras' | 'regctl' | 'helm' | 'oci-conformance';
const GO_CLIENTS: readonly string[] = ['crane', 'oras', 'regctl', 'helm', 'oci-conformance'];

/** Absolute path of a client, or undefined where it is not installed. */
export function findClient(client: Client): string | undefined {
  const named = process.env[`ECRP_TEST_${client.toUpperCase().replace('-', '_')}`];
  if (named !== undefined) return named;
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories.map((directory) => join(directory, client)).find(isExecutable);
}

/** Absolute path of a client; throws where it is not installed. */
export function requireClient(client: Client): string {
  const path = findClient(client);
  if (path === undefined) throw new Error(`${client} is not installed`);
  return path;
}

/** A group of tests that drive the clients named. */
export function describeWithClients(title: string, clients: readonly Client[], body: () => void): void {
  describeUnlessMissing(
    title,
    clients.filter((client) => findClient(client) === undefined),
    body,
  );
}

/**
 * A group of tests. Where something of the machine is missing they are skipped, saying what; with ECRP_REQUIRE_CLIENTS set,
 * as in CI, that is a failure. Clients written in Go are required only where ECRP_REQUIRE_GO_CLIENTS is set as well.
 */
export function describeUnlessMissing(title: string, missing: readonly string[], body: () => void): void {
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  const reason = `not installed: ${missing.join(', ')}`;
  if (!missing.some(isRequired)) {
    test(`${title} (${reason})`, (context) => context.skip(reason));
  } else {
    test(title, () => {
      throw new Error(reason);
    });
  }
}

function isRequired(missing: string): boolean {
  const { ECRP_REQUIRE_CLIENTS, ECRP_REQUIRE_GO_CLIENTS } = process.env;
  return (GO_CLIENTS.includes(missing) ? ECRP_REQUIRE_GO_CLIENTS : ECRP_REQUIRE_CLIENTS) !== undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
