// The measured clients: what each one stores between runs, and its command to push.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { program, startDockerd } from './servers.js';

/** skopeo and podman as root remember here which blobs are where. `run.js` mounts a directory of its own there. */
export const CONTAINERS = '/var/lib/containers';

/** Programs that each client needs. */
const NEEDS = {
  ecrp: [],
  'ecrp-zstd': [],
  skopeo: ['skopeo', 'docker-registry'],
  podman: ['podman', 'docker-registry'],
  docker: ['docker', 'dockerd', 'docker-registry'],
};

export const CLIENT_NAMES = Object.keys(NEEDS);

/** Lists the programs of a client that this machine lacks. */
export function findMissing(name) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const has = (command) => directories.some((directory) => isExecutable(join(directory, command)));
  return NEEDS[name].filter((command) => !has(command));
}

/**
 * Opens a client that keeps everything below `directory`. It pushes to `server` and reads `forms`. `load` copies an image into its storage
 * beforehand, if it has one. `prepare` and `release` run around each push and are not timed. `forget` removes its caches. `push` returns the
 * command. `zstdNode` is the Node that runs `ecrp-zstd`; `reference` is HOST:PORT/REPOSITORY:TAG.
 */
export async function openClient(name, directory, { zstdNode }) {
  mkdirSync(directory, { recursive: true });
  return OPENERS[name](directory, zstdNode);
}

const OPENERS = {
  ecrp: (directory) => openEcrp(directory, process.execPath, []),
  'ecrp-zstd': (directory, node) => openEcrp(directory, node, ['--compression', 'zstd', '--format', 'oci']),
  skopeo: openSkopeo,
  podman: openPodman,
  docker: openDocker,
};

const NOTHING = {
  env: {},
  load: () => undefined,
  prepare: () => undefined,
  release: () => undefined,
  stop: async () => undefined,
};

function openEcrp(directory, node, options) {
  const cache = join(directory, 'cache');
  return {
    ...NOTHING,
    server: 'emulator',
    forms: options.length > 0 ? ['docker'] : ['layout', 'oci-tar', 'docker'],
    env: { HOME: directory, ECRP_CACHE_DIR: cache, ECRP_STATE_DIR: join(directory, 'state') },
    forget: () => empty(cache),
    push: ({ image, form, reference }) => [
      ...[node, program, 'push', image.locate(form)],
      ...[reference, '--registry-host', hostOf(reference), '--endpoint-url', `http://${hostOf(reference)}`],
      ...options,
    ],
  };
}

function openSkopeo(directory) {
  const transports = { layout: 'oci', 'oci-tar': 'oci-archive', docker: 'docker-archive' };
  return {
    ...NOTHING,
    server: 'registry',
    forms: ['layout', 'oci-tar', 'docker'],
    env: { HOME: directory },
    forget: () => empty(join(CONTAINERS, 'cache')),
    push: ({ image, form, reference }) => {
      const source = `${transports[form]}:${image.locate(form)}${form === 'docker' ? '' : ':v1'}`;
      return [
        'skopeo',
        '--insecure-policy',
        'copy',
        '--dest-tls-verify=false',
        source,
        `docker://${reference}`,
      ];
    },
  };
}

function openPodman(directory) {
  const at = (place) => join(directory, place);
  const podman = [
    ...[
      'podman',
      '--root',
      at('root'),
      '--runroot',
      at('run'),
      '--tmpdir',
      at('tmp'),
      '--storage-driver',
      'vfs',
    ],
    ...['--events-backend', 'none', '--cgroup-manager', 'cgroupfs'],
  ];
  const localName = (image) => `docker.io/${image.localName}`;
  return {
    ...NOTHING,
    server: 'registry',
    forms: ['docker'],
    env: { HOME: directory },
    load: (image) => {
      if (spawnSync(podman[0], [...podman.slice(1), 'image', 'exists', localName(image)]).status !== 0)
        run([...podman, 'load', '--quiet', '--input', image.locate('docker')]);
    },
    forget: () => {
      for (const cache of [join(CONTAINERS, 'cache'), at('root/cache')]) empty(cache);
    },
    push: ({ image, reference }) => [
      ...[
        ...podman,
        'push',
        '--tls-verify=false',
        '--format',
        'v2s2',
        localName(image),
        `docker://${reference}`,
      ],
    ],
  };
}

async function openDocker(directory) {
  const engine = await startDockerd(join(directory, 'engine'));
  const docker = ['docker', '--host', engine.host];
  // Digests of layers in registries.
  const distribution = join(directory, 'engine/data/image/vfs/distribution');
  return {
    ...NOTHING,
    server: 'registry',
    forms: ['docker'],
    env: { HOME: directory },
    engine: engine.pid,
    load: (image) => {
      if (spawnSync(docker[0], [...docker.slice(1), 'image', 'inspect', image.localName]).status !== 0)
        run([...docker, 'load', '--quiet', '--input', image.locate('docker')]);
    },
    prepare: ({ image, reference }) => run([...docker, 'tag', image.localName, reference]),
    release: ({ reference }) => run([...docker, 'rmi', reference]),
    forget: () => {
      // The engine expects the directories, so they are emptied only.
      for (const part of ['diffid-by-digest', 'v2metadata-by-diffid'])
        empty(join(distribution, part, 'sha256'));
    },
    push: ({ reference }) => [...docker, 'push', reference],
    stop: engine.stop,
  };
}

function hostOf(reference) {
  return reference.slice(0, reference.indexOf('/'));
}

/** Empties a directory. */
function empty(directory) {
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true, force: true });
}

function run(argv) {
  const { status, stderr } = spawnSync(argv[0], argv.slice(1), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with status ${status}: ${stderr}`);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
