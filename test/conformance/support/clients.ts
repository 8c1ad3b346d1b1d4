import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, test } from 'vitest';

/** Foreign programs. They are found on PATH, unless a variable such as ECRP_TEST_SKOPEO names a file. */
export type Client =
  | 'skopeo'
  | 'podman'
  | 'buildah'
  | 'docker'
  | 'dockerd'
  | 'docker-registry'
  | 'aws'
  | 'tar'
  | 'squid'
  | 'tinyproxy'
  | 'bash'
  | 'zsh'
  | 'fish'
  | 'script'
  | 'runc'
  | GoClient
  | OptionalClient;

/** Programs that `.ci/go-clients` builds on a machine with Go, among them the OCI conformance suite and amazon-ecr-credential-helper. */
type GoClient = 'crane' | 'oras' | 'regctl' | 'helm' | 'oci-conformance' | 'docker-credential-ecr-login';
const GO_CLIENTS: readonly string[] = [
  'crane',
  'oras',
  'regctl',
  'helm',
  'oci-conformance',
  'docker-credential-ecr-login',
];

/** Programs that `.ci/go-clients` builds if they are named, and the server that `.ci/moto` installs. */
type OptionalClient = 'cosign' | 'buildctl' | 'buildkitd' | 'buildx' | 'moto-server';
/** A Python package that Debian has only in an older version. */
export const NEW_BOTO3 = 'boto3 of 2026';
const OPTIONAL_CLIENTS: readonly string[] = [
  ...['cosign', 'buildctl', 'buildkitd', 'buildx', 'moto-server'],
  NEW_BOTO3,
];

/** Finds the absolute path of a client. Undefined if it is not installed. */
export function findClient(client: Client): string | undefined {
  const named = process.env[`ECRP_TEST_${client.toUpperCase().replaceAll('-', '_')}`];
  return named ?? findOnPath(client)[0];
}

/**
 * Finds the aws CLI: the first on PATH that is a Python script, else the first. A wrapper, such as a shim of pyenv, cannot be
 * loaded once for many calls.
 */
export function requireAwsCli(): string {
  const named = process.env.ECRP_TEST_AWS;
  return (
    named ?? findOnPath('aws').find((path) => findInterpreter(path) !== undefined) ?? requireClient('aws')
  );
}

/** Reads the Python interpreter from the first line of a script. */
export function findInterpreter(program: string): string | undefined {
  return /^#!\s*(\/\S*python[\d.]*)\s*\n/.exec(readFileSync(program, 'latin1'))?.[1];
}

function findOnPath(client: Client): readonly string[] {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories.map((directory) => join(directory, client)).filter(isExecutable);
}

/** Finds the absolute path of a client. Throws if it is not installed. */
export function requireClient(client: Client): string {
  const path = findClient(client);
  if (path === undefined) throw new Error(`${client} is not installed`);
  return path;
}

/** Declares a group of tests that run these clients. */
export function describeWithClients(title: string, clients: readonly Client[], body: () => void): void {
  describeUnlessMissing(
    title,
    clients.filter((client) => findClient(client) === undefined),
    body,
  );
}

/**
 * Declares a group of tests. If the machine lacks something, they are skipped with that reason. With ECRP_REQUIRE_CLIENTS, as
 * in CI, they fail instead. Missing Go clients fail only if ECRP_REQUIRE_GO_CLIENTS is set as well. A missing cosign, BuildKit, moto or
 * new boto3 never does: Debian lacks them, and to get them takes long.
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
  if (OPTIONAL_CLIENTS.includes(missing)) return false;
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
