// The measured clients: what each one stores between runs, and its commands.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { openCrane, openOras, openRegctl } from './peers.js';
import { program, startDockerd } from './servers.js';

/** skopeo and podman as root remember here which blobs are where. `run.js` mounts a directory of its own there. */
export const CONTAINERS = '/var/lib/containers';

/** Programs that each client needs. */
const NEEDS = {
  ecrp: [],
  'ecrp-raw': [],
  'ecrp-zstd': [],
  'ecrp-before': [],
  skopeo: ['skopeo', 'docker-registry'],
  podman: ['podman', 'docker-registry'],
  docker: ['docker', 'dockerd', 'docker-registry'],
  crane: ['crane', 'docker-registry'],
  oras: ['oras', 'docker-registry'],
  regctl: ['regctl', 'docker-registry'],
};

export const CLIENT_NAMES = Object.keys(NEEDS);

/** Lists the programs of a client that this machine lacks. */
export function findMissing(name) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const has = (command) => directories.some((directory) => isExecutable(join(directory, command)));
  return NEEDS[name].filter((command) => !has(command));
}

/**
 * Opens a client that keeps everything below `directory`. It writes to `server`, and `takes` forms of each action. `load` copies an image into its
 * storage beforehand, if it has one. `prepare` and `release` run around each measured command and are not timed. `forget` removes its caches.
 * `push`, `copy` and `pull` return the command for { image, form, from, to, path }; the ends are those of stage.js. `zstdNode` is the Node that
 * runs `ecrp-zstd`, `before` the checkout of `ecrp-before`.
 */
export async function openClient(name, directory, settings) {
  mkdirSync(directory, { recursive: true });
  return { ...NOTHING, ...(await OPENERS[name](directory, settings)) };
}

const OPENERS = {
  ecrp: (directory) => openEcrp(directory),
  'ecrp-raw': (directory) => openEcrp(directory, { options: ['--transport', 'registry'] }),
  'ecrp-zstd': (directory, { zstdNode }) => ({
    ...openEcrp(directory, { options: ['--compression', 'zstd', '--format', 'oci'], node: zstdNode }),
    takes: { push: ['docker'], copy: [], pull: [] },
  }),
  'ecrp-before': (directory, { before }) => openEcrp(directory, { ecrp: join(before, 'bin/ecrp.js') }),
  skopeo: openSkopeo,
  podman: openPodman,
  docker: openDocker,
  crane: openCrane,
  oras: openOras,
  regctl: openRegctl,
};

const NOTHING = {
  server: 'registry',
  env: {},
  load: () => undefined,
  prepare: () => undefined,
  release: () => undefined,
  forget: () => undefined,
  stop: async () => undefined,
};

function openEcrp(directory, { options = [], node = process.execPath, ecrp = program } = {}) {
  const cache = join(directory, 'cache');
  const service = ({ host, isSecure }) => [
    ...['--registry-host', host, '--endpoint-url', `${isSecure ? 'https' : 'http'}://${host}`],
    ...options,
  ];
  return {
    server: 'emulator',
    takes: {
      push: ['layout', 'oci-tar', 'docker'],
      copy: ['registry'],
      // It has no transport.
      pull: options.length > 0 ? [] : ['layout', 'docker'],
    },
    env: { HOME: directory, ECRP_CACHE_DIR: cache, ECRP_STATE_DIR: join(directory, 'state') },
    forget: () => empty(cache),
    push: ({ image, form, to }) => [
      ...[node, ecrp, 'push', image.locate(form), `${to.name}:v1`],
      ...service(to),
    ],
    copy: ({ image, from, to }) => [
      ...[node, ecrp, 'copy'],
      ...(image.name === 'tags' ? [from.name, to.name, '--all-tags'] : [`${from.name}:v1`, `${to.name}:v1`]),
      ...service(to),
    ],
    pull: ({ form, from, path }) => [
      ...[node, ecrp, 'pull', `${from.name}:v1`, path],
      ...(form === 'docker' ? ['--format', 'docker-archive', '--platform', 'linux/amd64'] : []),
    ],
  };
}

function openSkopeo(directory) {
  const transports = { layout: 'oci', 'oci-tar': 'oci-archive', docker: 'docker-archive' };
  const insecure = (side, end) => (end.isSecure ? [] : [`--${side}-tls-verify=false`]);
  const skopeo = ['skopeo', '--insecure-policy'];
  return {
    takes: {
      push: ['layout', 'oci-tar', 'docker'],
      copy: ['registry'],
      pull: ['layout', 'oci-tar', 'docker'],
    },
    env: { HOME: directory },
    forget: () => empty(join(CONTAINERS, 'cache')),
    push: ({ image, form, to }) => {
      const source = `${transports[form]}:${image.locate(form)}${form === 'docker' ? '' : ':v1'}`;
      return [...skopeo, 'copy', ...insecure('dest', to), source, `docker://${to.name}:v1`];
    },
    copy: ({ image, from, to }) => {
      const both = [...insecure('src', from), ...insecure('dest', to)];
      // `sync` adds the last part of the name.
      return image.name === 'tags'
        ? [...skopeo, 'sync', ...both, '--src', 'docker', '--dest', 'docker', from.name, dirname(to.name)]
        : [...skopeo, 'copy', '--all', ...both, `docker://${from.name}:v1`, `docker://${to.name}:v1`];
    },
    pull: ({ image, form, from, path }) => {
      const name = form === 'docker' ? image.localName : 'v1';
      const target = `${transports[form]}:${path}:${name}`;
      return [...skopeo, 'copy', ...insecure('src', from), `docker://${from.name}:v1`, target];
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
    takes: { push: ['docker'], copy: [], pull: [] },
    env: { HOME: directory },
    load: (image) => {
      if (spawnSync(podman[0], [...podman.slice(1), 'image', 'exists', localName(image)]).status !== 0)
        run([...podman, 'load', '--quiet', '--input', image.locate('docker')]);
    },
    forget: () => {
      for (const cache of [join(CONTAINERS, 'cache'), at('root/cache')]) empty(cache);
    },
    push: ({ image, to }) => [
      ...[
        ...podman,
        'push',
        ...(to.isSecure ? [] : ['--tls-verify=false']),
        '--format',
        'v2s2',
        localName(image),
        `docker://${to.name}:v1`,
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
    takes: { push: ['docker'], copy: [], pull: [] },
    env: { HOME: directory },
    engine: engine.pid,
    load: (image) => {
      if (spawnSync(docker[0], [...docker.slice(1), 'image', 'inspect', image.localName]).status !== 0)
        run([...docker, 'load', '--quiet', '--input', image.locate('docker')]);
    },
    prepare: ({ image, to }) => run([...docker, 'tag', image.localName, `${to.name}:v1`]),
    release: ({ to }) => run([...docker, 'rmi', `${to.name}:v1`]),
    forget: () => {
      // The engine expects the directories, so they are emptied only.
      for (const part of ['diffid-by-digest', 'v2metadata-by-diffid'])
        empty(join(distribution, part, 'sha256'));
    },
    push: ({ to }) => [...docker, 'push', `${to.name}:v1`],
    stop: engine.stop,
  };
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
