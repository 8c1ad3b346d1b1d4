// Runs one case. Its clients take turns, round by round, so any drift of the machine affects all of them.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LINKS } from './cases.js';
import { measure, readMachine } from './measure.js';
import { startEmulator, startLink, startRegistry } from './servers.js';

const STARTERS = { emulator: startEmulator, registry: startRegistry };
/** Longest wait for a quiet machine. */
const SETTLE_MS = 3000;
const MANIFEST_TYPES =
  'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json';

/**
 * Measures `runs` pushes by each client (`clients` is by name). A cold push goes to an empty repository, without caches. Any other push
 * repeats one of the same client; `fresh` removes its caches. `storage` is the directory of the servers. Returns the runs by client.
 */
export async function runCase({ image, form, link, scenario }, { clients, runs, work, storage }) {
  const servers = new Servers(storage);
  const push = (name, stage) =>
    pushOnce(clients[name], { image, form, stage, log: join(work, `${name}.log`) });
  try {
    for (const client of Object.values(clients)) client.load(image);
    const settings = { clients, runs, servers, push, shape: LINKS[link] };
    return scenario === 'cold' ? await pushCold(settings) : await pushAgain(settings, scenario === 'fresh');
  } finally {
    await servers.stop();
  }
}

async function pushCold({ clients, runs, servers, push, shape }) {
  const pushFirst = async (name, linkShape) => {
    clients[name].forget();
    const stage = await setStage(await servers.getEmpty(clients[name].server), `cold-${name}`, linkShape);
    try {
      return await push(name, stage);
    } finally {
      await stage.close();
    }
  };
  // Measured pushes on loopback use no link. So a first push, not measured, goes through a link that only counts.
  const counted = {};
  if (shape.bitsPerSecond === undefined)
    for (const name of Object.keys(clients))
      counted[name] = (await pushFirst(name, { isCounted: true })).wire;
  return takeTurns(clients, runs, async (name) => {
    const result = await pushFirst(name, shape);
    return { ...result, wire: result.wire ?? counted[name] };
  });
}

async function pushAgain({ clients, runs, servers, push, shape }, isFresh) {
  // All clients first: skopeo and podman share a cache.
  for (const client of Object.values(clients)) client.forget();
  const stages = {};
  for (const [name, client] of Object.entries(clients)) {
    stages[name] = await setStage(await servers.get(client.server), name, shape);
    await push(name, stages[name]);
  }
  const results = await takeTurns(clients, runs, (name) => {
    if (isFresh) clients[name].forget();
    return push(name, stages[name]);
  });
  for (const stage of Object.values(stages)) await stage.close();
  return results;
}

async function takeTurns(clients, runs, work) {
  const results = Object.fromEntries(Object.keys(clients).map((name) => [name, []]));
  for (let run = 0; run < runs; run += 1)
    for (const name of Object.keys(clients)) results[name].push(await work(name));
  return results;
}

/** Servers of a case. The emulator keeps running, like the service. A registry is as fast right after its start. */
class Servers {
  #storage;
  #running = new Map();

  constructor(storage) {
    this.#storage = storage;
  }

  async get(kind) {
    const server = this.#running.get(kind) ?? (await STARTERS[kind](join(this.#storage, kind)));
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

  async stop() {
    for (const server of this.#running.values()) await server.stop();
  }
}

/** Makes a new repository, and a link to it if the case has one. */
async function setStage(server, repository, { bitsPerSecond, roundTripMs, isCounted }) {
  await server.createRepository(repository);
  const link =
    bitsPerSecond || isCounted ? await startLink(server.port, { bitsPerSecond, roundTripMs }) : undefined;
  return {
    server,
    link,
    path: server.path(repository),
    reference: `127.0.0.1:${link?.port ?? server.port}/${server.path(repository)}:v1`,
    close: async () => {
      await link?.stop();
      await server.deleteRepository(repository);
    },
  };
}

async function pushOnce(client, { image, form, stage, log }) {
  const { server, link, reference } = stage;
  const target = { image, form, reference };
  client.prepare(target);
  try {
    await settle();
    const requests = server.countRequests();
    const before = await link?.countBytes();
    const result = await measure(client.push(target), {
      env: { PATH: process.env.PATH, TMPDIR: tmpdir(), ...server.env, ...client.env },
      log,
      engine: client.engine,
      watch: [server.pid, ...(link ? [link.pid] : [])],
    });
    // Log lines come later than answers.
    await sleep(100);
    const after = await link?.countBytes();
    return {
      ...result,
      requests: server.countRequests() - requests,
      wire: before && { up: after.up - before.up, down: after.down - before.down },
      storedBytes: await checkPushed(stage, image),
    };
  } finally {
    client.release(target);
  }
}

/** Throws unless the image has its config and all its layers. Returns the bytes of the layers. */
async function checkPushed({ server, path }, { configDigest, layers }) {
  const token = await server.authorize();
  const headers = { accept: MANIFEST_TYPES, ...(token && { authorization: `Bearer ${token}` }) };
  const url = `http://127.0.0.1:${server.port}/v2/${path}`;
  const manifest = await (await fetch(`${url}/manifests/v1`, { headers })).json();
  if (manifest.config?.digest !== configDigest || manifest.layers.length !== layers.length)
    throw new Error(`${path} has another image than was pushed`);
  for (const { digest } of manifest.layers) {
    const answer = await fetch(`${url}/blobs/${digest}`, { headers, redirect: 'manual' });
    await answer.body?.cancel();
    if (answer.status >= 400) throw new Error(`${path} has not the layer ${digest}: status ${answer.status}`);
  }
  return manifest.layers.reduce((sum, { size }) => sum + size, 0);
}

/** Waits for a quiet machine, up to a limit. */
async function settle() {
  for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline; ) {
    const before = readMachine();
    await sleep(200);
    if (readMachine() - before <= 0.05) return;
  }
}
