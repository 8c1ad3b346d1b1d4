// Where a client works: the ends it copies between, each a repository of a server, and what lies between client and server.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fillRepository } from './contents.js';
import { SECURE_HOST, startEmulator, startLink, startRegistry, startTlsFront } from './servers.js';

const STARTERS = { emulator: startEmulator, registry: startRegistry, source: startRegistry };

/** Servers of a case. The emulator keeps running, like the service. A registry is as fast right after its start. */
export class Servers {
  #running = new Map();

  constructor(storage) {
    /** The directory of all files that servers and clients write. */
    this.storage = storage;
  }

  async get(kind) {
    const server = this.#running.get(kind) ?? (await STARTERS[kind](join(this.storage, kind)));
    this.#running.set(kind, server);
    return server;
  }

  /** A server without blobs. In the emulator, each repository has its own. */
  async getEmpty(kind) {
    if (kind === 'registry') {
      await this.#running.get(kind)?.stop();
      this.#running.delete(kind);
    }
    return this.get(kind);
  }

  /** A registry that has the image. */
  async getSource(image) {
    const isThere = this.#running.has('source');
    const server = await this.get('source');
    if (!isThere)
      await fillRepository(`http://127.0.0.1:${server.port}/v2/${nameSource(image)}`, image.locate('layout'));
    return server;
  }

  async stop() {
    for (const server of this.#running.values()) await server.stop();
  }
}

function nameSource(image) {
  return `source/${image.name}`;
}

/**
 * Makes what an action needs: for `push` and `copy` the end `to`, a new repository; for `copy` and `pull` the end `from`, which has the image; for
 * `pull` an empty `directory`. `shape` is that of the links; without one, the client reaches the servers directly.
 */
export async function setStage(servers, { action, image, kind, name, shape, isEmpty }) {
  const target = action === 'pull' ? undefined : await (isEmpty ? servers.getEmpty(kind) : servers.get(kind));
  const from =
    action === 'push' ? undefined : await openEnd(await servers.getSource(image), nameSource(image), shape);
  const repository = `${name}/${image.name}`;
  await target?.createRepository(repository);
  const to = target && (await openEnd(target, target.path(repository), shape));
  const ends = [from, to].filter(Boolean);
  const directory = join(servers.storage, 'pulled', name);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  return {
    ...{ from, to, directory },
    watch: ends.flatMap(({ watch }) => watch),
    countRequests: () => ends.reduce((sum, { server }) => sum + server.countRequests(), 0),
    /** Bytes that the client has sent and received. Undefined without links. */
    countBytes: async () => {
      if (ends.some(({ link }) => link === undefined)) return undefined;
      const counts = await Promise.all(ends.map(({ link }) => link.countBytes()));
      return { up: sum(counts, 'up'), down: sum(counts, 'down') };
    },
    close: async () => {
      for (const end of ends) await end.close();
      await target?.deleteRepository(repository);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function sum(counts, name) {
  return counts.reduce((total, count) => total + count[name], 0);
}

/** Opens a repository of a server, behind a link if there is one. `url` leads to the server itself. */
async function openEnd(server, path, { bitsPerSecond, roundTripMs, isSecure = false, isCounted }) {
  const front = isSecure ? await startTlsFront(server.port) : undefined;
  const serverPort = front?.port ?? server.port;
  const link =
    bitsPerSecond || isCounted ? await startLink(serverPort, { bitsPerSecond, roundTripMs }) : undefined;
  const host = `${isSecure ? SECURE_HOST : '127.0.0.1'}:${link?.port ?? serverPort}`;
  return {
    ...{ server, link, host, isSecure, name: `${host}/${path}` },
    url: `http://127.0.0.1:${server.port}/v2/${path}`,
    watch: [server, front, link].flatMap((each) => each?.pid ?? []),
    close: async () => {
      await link?.stop();
      await front?.stop();
    },
  };
}
