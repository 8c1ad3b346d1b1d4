import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, test } from 'vitest';

/** Programs that others wrote, found on PATH; ECRP_TEST_SKOPEO and so on name another file. */
export type Client = 'skopeo' | 'podman' | 'buildah' | 'docker' | 'dockerd' | 'aws' | 'tar';

/** Absolute path of a client, or undefined where it is not installed. */
export function findClient(client: Client): string | undefined {
  const named = process.env[`ECRP_TEST_${client.toUpperCase()}`];
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
 * as in CI, that is a failure.
 */
export function describeUnlessMissing(title: string, missing: readonly string[], body: () => void): void {
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  const reason = `not installed: ${missing.join(', ')}`;
  if (process.env.ECRP_REQUIRE_CLIENTS === undefined) {
    test(`${title} (${reason})`, (context) => context.skip(reason));
  } else {
    test(title, () => {
      throw new Error(reason);
    });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
