import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithTests } from '../../support/end-with-tests.ts';
import { requireClient } from './clients.ts';
import type { Ended } from './process.ts';
import type { Sandbox } from './sandbox.ts';

const START_MS = 120_000;

/** Facts of an image that an engine has. */
export interface EngineImage {
  /** Digest of the config, with its algorithm. */
  readonly configDigest: string;
  /** Digests of the manifest that the image was pulled by. */
  readonly manifestDigests: readonly string[];
  readonly diffIds: readonly string[];
}

/** Runs podman, with its storage below the sandbox. It must succeed. */
export function runPodman(sandbox: Sandbox, ...options: readonly string[]): Promise<Ended> {
  return sandbox.run(requireClient('podman'), ...keepApart(sandbox, 'made'), ...options);
}

/** Runs podman like `runPodman`, but accepts any exit status. */
export function tryPodman(sandbox: Sandbox, ...options: readonly string[]): Promise<Ended> {
  return sandbox.tryRun(requireClient('podman'), [...keepApart(sandbox, 'made'), ...options]);
}

/** Starts the service of podman, on the images of `runPodman`. Its socket is the usual one below XDG_RUNTIME_DIR. The test ends it. */
export async function startPodmanService(sandbox: Sandbox): Promise<ChildProcess> {
  const directory = join(sandbox.directory, 'run', 'podman');
  mkdirSync(directory, { recursive: true });
  const socket = join(directory, 'podman.sock');
  const service = spawn(
    requireClient('podman'),
    [...keepApart(sandbox, 'made'), 'system', 'service', '--time', '0', `unix://${socket}`],
    { env: sandbox.env, stdio: 'ignore' },
  );
  endWithTests(service);
  const deadline = Date.now() + START_MS;
  while (!existsSync(socket)) {
    if (service.exitCode !== null || Date.now() > deadline)
      throw new Error('the service of podman does not start');
    await sleep(50);
  }
  return service;
}

/**
 * Pulls a reference with podman, for a platform if one is given, and describes the image. The storage is empty, so every layer
 * comes from the registry.
 */
export async function pullWithPodman(
  sandbox: Sandbox,
  reference: string,
  ...options: readonly string[]
): Promise<EngineImage> {
  const name = sandbox.locate(reference);
  const podman = (...rest: readonly string[]) =>
    sandbox.run(requireClient('podman'), ...keepApart(sandbox, 'pulled'), ...rest);
  await podman('pull', '--quiet', '--tls-verify=false', ...options, name);
  const { stdout } = await podman('image', 'inspect', name);
  await podman('rmi', '--force', name);
  return readInspection(stdout);
}

/** Pulls a reference for a platform with podman, and returns a file of the image. */
export async function readFileWithPodman(
  sandbox: Sandbox,
  reference: string,
  platform: string,
  path: string,
): Promise<string> {
  const podman = async (...options: readonly string[]) =>
    (await sandbox.run(requireClient('podman'), ...keepApart(sandbox, 'pulled'), ...options)).stdout.trim();
  const name = sandbox.locate(reference);
  await podman('pull', '--quiet', '--tls-verify=false', '--platform', platform, name);
  const copy = join(sandbox.makeDirectory('copied'), 'file');
  // Nothing runs the command, but there must be one.
  const container = await podman('create', '--network', 'none', name, 'none');
  await podman('cp', `${container}:${path}`, copy);
  await podman('rmi', '--force', name);
  return readFileSync(copy, 'utf8');
}

/** Returns the options that keep the storage of podman below the sandbox, under a name of its own. */
export function keepApart(sandbox: Sandbox, storage: string): string[] {
  const at = (name: string) => join(sandbox.directory, 'podman', storage, name);
  // podman allows 50 characters, and the temporary directory may need many of them.
  const runRoot = join(sandbox.directory, `run-${storage}`);
  return [
    ...['--root', at('root'), '--runroot', runRoot, '--tmpdir', at('tmp'), '--storage-driver', 'vfs'],
    ...['--events-backend', 'none', '--cgroup-manager', 'cgroupfs'],
  ];
}

/** Reads the output of `podman image inspect` or `docker image inspect` for one image. */
export function readInspection(text: string): EngineImage {
  // The documents of both engines have these members. A missing one fails the comparison.
  const [image] = JSON.parse(text) as [{ Id: string; RepoDigests: string[]; RootFS: { Layers: string[] } }];
  return {
    configDigest: image.Id.startsWith('sha256:') ? image.Id : `sha256:${image.Id}`,
    manifestDigests: image.RepoDigests.map((name) => name.slice(name.indexOf('@') + 1)),
    diffIds: image.RootFS.Layers,
  };
}
