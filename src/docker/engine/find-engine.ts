import { join } from 'node:path';
import { EcrpError } from '../../errors.ts';
import type { Environment } from '../../io.ts';
import { readConfigFile } from '../config-file.ts';
import { DOCKER_SOCKET, type EngineAddress, type EngineTls, parseEngineAddress } from './address.ts';
import { readContext, readTls } from './contexts.ts';

export interface EnginePlace {
  readonly env: Environment;
  /** Of docker's configuration; undefined without a home. */
  readonly configDirectory: string | undefined;
}

/** Where to look for an engine. */
export interface EngineChoice {
  /** In the order to try them. Several only if nothing is configured. */
  readonly addresses: readonly EngineAddress[];
  /** What names the address, for messages; undefined: nothing does. */
  readonly from: string | undefined;
}

/** The context that stands for the environment and docker's own socket. */
const DEFAULT_CONTEXT = 'default';

/**
 * Finds where the engine listens, in the order of docker's CLI (docker/cli, `resolveContextName`): `DOCKER_HOST`, the context of
 * `DOCKER_CONTEXT`, the current context of docker's config file. If nothing is configured, these are the sockets of docker, then those of
 * podman. Throws USAGE and INVALID_INPUT for settings that cannot be used.
 */
export async function findEngine(place: EnginePlace): Promise<EngineChoice> {
  const { env, configDirectory } = place;
  if (env.DOCKER_HOST) return one(await readHost(env.DOCKER_HOST, place), 'DOCKER_HOST');
  if (env.DOCKER_CONTEXT) return findContext(env.DOCKER_CONTEXT, 'DOCKER_CONTEXT', place);
  if (configDirectory === undefined) return findDefault(env);
  const { path, config } = await readConfigFile(configDirectory);
  return findContext(config.currentContext || DEFAULT_CONTEXT, path, place);
}

async function findContext(name: string, from: string, place: EnginePlace): Promise<EngineChoice> {
  const { env, configDirectory } = place;
  if (name === DEFAULT_CONTEXT) return findDefault(env);
  if (configDirectory !== undefined) {
    return one(await readContext(name, configDirectory, from), `docker context ${name}`);
  }
  throw new EcrpError('USAGE', `${from}: docker has no configuration directory, where its contexts are`, {
    hint: 'Set DOCKER_CONFIG to that directory, or DOCKER_HOST to the address of the engine.',
  });
}

function one(address: EngineAddress, from: string): EngineChoice {
  return { addresses: [address], from };
}

/** Sockets of docker, as root and rootless and of Docker Desktop; then of podman. */
function findDefault(env: Environment): EngineChoice {
  if (process.platform === 'win32') {
    return { addresses: [parseEngineAddress('npipe://', DEFAULT_CONTEXT, undefined)], from: undefined };
  }
  const { HOME: home, XDG_RUNTIME_DIR: runtime } = env;
  const paths = [
    DOCKER_SOCKET,
    runtime && join(runtime, 'docker.sock'),
    home && join(home, '.docker', 'run', 'docker.sock'),
    runtime && join(runtime, 'podman', 'podman.sock'),
    '/run/podman/podman.sock',
  ];
  return {
    addresses: paths.flatMap((path) => (path ? [{ kind: 'socket', path } as const] : [])),
    from: undefined,
  };
}

async function readHost(host: string, place: EnginePlace): Promise<EngineAddress> {
  const address = parseEngineAddress(host, 'DOCKER_HOST', undefined);
  if (address.kind !== 'tcp') return address;
  const tls = await readEnvironmentTls(place);
  return tls === undefined ? address : parseEngineAddress(host, 'DOCKER_HOST', tls);
}

/** `DOCKER_TLS_VERIFY` and `DOCKER_TLS` count with any value, as in docker's CLI (docker/cli, `cli/flags`). */
async function readEnvironmentTls({ env, configDirectory }: EnginePlace): Promise<EngineTls | undefined> {
  const verify = Boolean(env.DOCKER_TLS_VERIFY);
  if (!verify && !env.DOCKER_TLS) return undefined;
  const directory = env.DOCKER_CERT_PATH || configDirectory;
  const tls = directory === undefined ? undefined : await readTls(directory, { verify });
  // Docker takes no other roots either. An engine is root on its machine.
  if (verify && tls?.ca === undefined) {
    const path = directory === undefined ? 'ca.pem' : join(directory, 'ca.pem');
    throw new EcrpError('INVALID_INPUT', `DOCKER_TLS_VERIFY is set, but ${path} does not exist`, {
      hint: 'Set DOCKER_CERT_PATH to the directory with ca.pem, cert.pem and key.pem.',
    });
  }
  return tls ?? { ca: undefined, cert: undefined, key: undefined, verify };
}
