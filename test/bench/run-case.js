// Runs one case. Its clients take turns, round by round, so any drift of the machine affects all of them.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LINKS } from './cases.js';
import { checkPulled, checkRepository, readContents } from './contents.js';
import { measure, readMachine } from './measure.js';
import { ROOT } from './servers.js';
import { Servers, setStage } from './stage.js';

/** Longest wait for a quiet machine. */
const SETTLE_MS = 3000;
const MANIFEST_TYPES =
  'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json';

/**
 * Measures `runs` runs of each client (`clients` is by name). A cold run has an empty repository or directory as its target, and no caches. Any
 * other repeats a run of the same client; `fresh` removes its caches. `storage` is the directory of the servers. Returns the runs by client.
 */
export async function runCase({ action, image, form, link, scenario }, { clients, runs, work, storage }) {
  const servers = new Servers(storage);
  const contents = action === 'push' ? undefined : await readContents(image.locate('layout'));
  const open = (name, settings) =>
    setStage(servers, { action, image, kind: clients[name].server, shape: LINKS[link], ...settings });
  const run = (name, stage) =>
    runOnce(clients[name], { action, image, form, contents, stage, log: join(work, `${name}.log`) });
  try {
    for (const client of Object.values(clients)) client.load(image);
    const settings = { clients, runs, open, run, isUnlinked: LINKS[link].bitsPerSecond === undefined };
    return scenario === 'cold' ? await runCold(settings) : await runAgain(settings, scenario === 'fresh');
  } finally {
    await servers.stop();
  }
}

async function runCold({ clients, runs, open, run, isUnlinked }) {
  const runFirst = async (name, shape) => {
    clients[name].forget();
    const stage = await open(name, { name: `cold-${name}`, isEmpty: true, ...shape });
    try {
      return await run(name, stage);
    } finally {
      await stage.close();
    }
  };
  // Measured runs on loopback use no link. So a first run, not measured, goes through a link that only counts.
  const counted = {};
  if (isUnlinked)
    for (const name of Object.keys(clients))
      counted[name] = (await runFirst(name, { shape: { isCounted: true } })).wire;
  return takeTurns(clients, runs, async (name) => {
    const result = await runFirst(name);
    return { ...result, wire: result.wire ?? counted[name] };
  });
}

async function runAgain({ clients, runs, open, run }, isFresh) {
  // All clients first: skopeo and podman share a cache.
  for (const client of Object.values(clients)) client.forget();
  const stages = {};
  for (const name of Object.keys(clients)) {
    stages[name] = await open(name, { name: `again-${name}` });
    await run(name, stages[name]);
  }
  const results = await takeTurns(clients, runs, (name) => {
    if (isFresh) clients[name].forget();
    return run(name, stages[name]);
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

async function runOnce(client, { action, image, form, contents, stage, log }) {
  const { from, to, directory } = stage;
  const path = join(directory, form === 'docker' ? 'image.tar' : 'image');
  const task = { image, form, from, to, path };
  client.prepare(task);
  try {
    await settle();
    const requests = stage.countRequests();
    const before = await stage.countBytes();
    const certificates = [from, to].some((end) => end?.isSecure)
      ? { SSL_CERT_FILE: ROOT, NODE_EXTRA_CA_CERTS: ROOT }
      : {};
    const result = await measure(client[action](task), {
      env: { PATH: process.env.PATH, TMPDIR: tmpdir(), ...certificates, ...to?.server.env, ...client.env },
      log,
      engine: client.engine,
      watch: stage.watch,
    });
    // Log lines come later than answers.
    await sleep(100);
    const after = await stage.countBytes();
    return {
      ...result,
      requests: stage.countRequests() - requests,
      wire: before && { up: after.up - before.up, down: after.down - before.down },
      storedBytes: await check(action, task, contents),
    };
  } finally {
    client.release(task);
  }
}

/** Throws unless the client did all of its work. Returns the bytes of the blobs. */
async function check(action, { image, form, to, path }, contents) {
  if (action === 'pull') return checkPulled(form, path, contents);
  const token = await to.server.authorize();
  const headers = token && { authorization: `Bearer ${token}` };
  return action === 'copy' ? checkRepository(to.url, headers, contents) : checkPushed(to.url, headers, image);
}

/** Throws unless a pushed image has its config and all its layers. They may be compressed otherwise. Returns the bytes of the layers. */
async function checkPushed(url, headers, { configDigest, layers }) {
  const answer = await fetch(`${url}/manifests/v1`, { headers: { ...headers, accept: MANIFEST_TYPES } });
  const manifest = await answer.json();
  if (manifest.config?.digest !== configDigest || manifest.layers.length !== layers.length)
    throw new Error(`${url} has another image than was pushed`);
  for (const { digest } of manifest.layers) {
    const found = await fetch(`${url}/blobs/${digest}`, { headers, redirect: 'manual' });
    await found.body?.cancel();
    if (found.status >= 400) throw new Error(`${url} has not the layer ${digest}: status ${found.status}`);
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
