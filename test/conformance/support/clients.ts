import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, test } from 'vitest';

/** Programs that others wrote, found on PATH; ECRP_TEST_SKOPEO and so on name another file. */
export type Client =
  | 'skopeo'
  | 'podman'
  | 'buildah'
  | 'docker'
  | 'dockerd'
  | 'aws'
  | 'tar'
  | 'squid'
  | 'tinyproxy'
  | GoClient;

/** What `.ci/go-clients` builds where a Go toolchain is there; the last one is the OCI conformance suite. */
type GoClient = 'crane' | 'oras' | 'regctl' | 'helm' | 'oci-conformance';
const GO_CLIENTS: readonly string[] = ['crane', 'oras', 'regctl', 'helm', 'oci-conformance'];

/** Absolute path of a client, or undefined where it is not installed. */
export function findClient(client: Client): string | undefined {
  const named = process.env[`ECRP_TEST_${client.toUpperCase().replace('-', '_')}`];
  return named ?? findOnPath(client)[0];
}

/**
 * Absolute path of the aws CLI: the first on PATH that is its own Python script, as a wrapper (pyenv's shims are some) cannot be
 * loaded once for many calls; else the first.
 */
export function requireAwsCli(): string {
  const named = process.env.ECRP_TEST_AWS;
  return (
    named ?? findOnPath('aws').find((path) => findInterpreter(path) !== undefined) ?? requireClient('aws')
  );
}

/** The Python that runs a script, from its first line. */
export function findInterpreter(program: string): string | undefined {
  return /^#!\s*(\/\S*python[\d.]*)\s*\n/.exec(readFileSync(program, 'latin1'))?.[1];
}

function findOnPath(client: Client): readonly string[] {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories.map((directory) => join(directory, client)).filter(isExecutable);
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
