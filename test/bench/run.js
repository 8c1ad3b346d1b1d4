// `npm run bench`: compares ecrp with other clients. README.md says what it measures and how.
//
//   npm run bench -- [--actions push,copy] [--images big,many] [--forms docker] [--links loopback,200] [--scenarios cold]
//                    [--peers ecrp,skopeo] [--targets registries] [--large 9.75] [-n 7] [--zstd-node NODE] [--before CHECKOUT]
//                    [--work DIRECTORY] [--write]
//
// Adds results to results.json in the work directory, which also keeps the images. `--write` writes all of them into README.md. Needs Linux. As
// root, which dockerd needs, it runs in a mount namespace of its own.

import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ACTIONS, FORMS, LARGE_LAYER_RUNS, LINKS, listCases, SCENARIOS } from './cases.js';
import { CLIENT_NAMES, CONTAINERS, findMissing, openClient } from './clients.js';
import { measureExchanges } from './exchanges.js';
import { IMAGES, provideImage } from './images.js';
import { writeReadme } from './readme.js';
import { runCase } from './run-case.js';
import { SECURE_HOST } from './servers.js';
import { measureStart } from './start.js';
import { formatCase, formatChanges, formatStart, formatTargets, takeMedians } from './table.js';
import { TARGETS } from './targets.js';

const USUAL_IMAGES = Object.keys(IMAGES).filter((name) => name !== 'huge');
/** Images that take ten times as much disk space with other clients. */
const CLIENTS_OF_HUGE = ['ecrp'];
/** In memory, so that no disk is measured. */
const MEMORY = '/dev/shm';

const { values } = parseArgs({
  options: {
    actions: { type: 'string', default: Object.keys(ACTIONS).join() },
    images: { type: 'string', default: USUAL_IMAGES.join() },
    forms: { type: 'string', default: Object.keys(FORMS).join() },
    links: { type: 'string', default: Object.keys(LINKS).join() },
    scenarios: { type: 'string', default: Object.keys(SCENARIOS).join() },
    peers: { type: 'string' },
    runs: { type: 'string', short: 'n', default: '7' },
    targets: { type: 'string' },
    large: { type: 'string' },
    'zstd-node': { type: 'string', default: process.execPath },
    before: { type: 'string' },
    work: { type: 'string', default: join(tmpdir(), 'ecrp-bench') },
    write: { type: 'boolean', default: false },
  },
});
// Ctrl-C reaches the running command, which fails. Everything then stops.
let isInterrupted = false;
process.on('SIGINT', () => {
  isInterrupted = true;
});
const runs = Number(values.runs);
if (!(runs >= 1)) throw new Error(`-n ${values.runs}: it is a number of runs`);
const tables = values.targets?.split(',') ?? Object.keys(TARGETS);
const unknownTable = tables.find((name) => !Object.hasOwn(TARGETS, name));
if (unknownTable !== undefined)
  throw new Error(`--targets ${unknownTable}: choose from ${Object.keys(TARGETS)}`);
const inside = 'ECRP_BENCH_INSIDE';
if (process.getuid?.() === 0 && process.env[inside] === undefined) process.exit(enterNamespace());
await runBench();

/**
 * Runs this program again where a directory of the work directory replaces the image storage of the machine, and the host with a certificate is this
 * machine.
 */
function enterNamespace() {
  const containers = join(values.work, 'containers');
  for (const directory of [containers, CONTAINERS]) mkdirSync(directory, { recursive: true });
  const hosts = join(values.work, 'hosts');
  writeFileSync(hosts, `127.0.0.1 localhost ${SECURE_HOST}\n`);
  const script = 'mount --bind "$1" "$2" && mount --bind "$3" /etc/hosts && shift 3 && exec "$@"';
  const again = [process.execPath, ...process.argv.slice(1)];
  const { status } = spawnSync(
    'unshare',
    [
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      script,
      'sh',
      containers,
      CONTAINERS,
      hosts,
      ...again,
    ],
    { stdio: 'inherit', env: { ...process.env, [inside]: '1' } },
  );
  return status ?? 1;
}

async function runBench() {
  mkdirSync(values.work, { recursive: true });
  const file = join(values.work, 'results.json');
  const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const cases = chooseCases();
  const clients = await openClients();
  const storage = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : values.work, 'ecrp-bench-'));
  try {
    const start = await measureStart(3 * runs, values.work);
    results.start = { medians: mapValues(start, takeMedians) };
    say(`${formatStart(results.start.medians)}\n`);
    for (const name of new Set(cases.map(({ image }) => image))) {
      const image = await provideImage(join(values.work, 'images'), name);
      for (const one of cases.filter((other) => other.image === name)) {
        const taking = Object.entries(clients).filter(
          ([client, { takes }]) =>
            takes[one.action].includes(one.form) && (name !== 'huge' || CLIENTS_OF_HUGE.includes(client)),
        );
        if (taking.length === 0) continue;
        const settings = { clients: Object.fromEntries(taking), runs, work: values.work, storage };
        try {
          const medians = mapValues(await runCase({ ...one, image }, settings), takeMedians);
          const shape = LINKS[one.link];
          const exchangeSeconds =
            one.action === 'push' && shape.roundTripMs ? await measureExchanges(shape) : undefined;
          results[one.key] = { medians, image: { layers: image.layers }, exchangeSeconds };
          writeFileSync(file, JSON.stringify(results));
          say(`${formatCase(one.key, results[one.key])}\n`);
        } catch (error) {
          if (isInterrupted) throw error;
          // The other cases take an hour, and do not depend on it.
          process.exitCode = 1;
          say(`${one.key} failed: ${error.stack}\n`);
        }
      }
    }
    if (values.large !== undefined) await measureLargeLayer(results);
    writeFileSync(file, JSON.stringify(results));
  } finally {
    for (const client of Object.values(clients)) await client.stop();
    rmSync(storage, { recursive: true, force: true });
  }
  say(formatTargets(results, tables));
  if (values.before !== undefined) say(`\n${formatChanges(results)}`);
  if (values.write) writeReadme(results, tables);
}

/** Runs large-layer.js. */
async function measureLargeLayer(results) {
  const names = Object.keys(LARGE_LAYER_RUNS).filter((name) => values.actions.includes(name.split('-')[0]));
  const child = fork(join(import.meta.dirname, 'large-layer.js'), [values.large, names.join()]);
  child.on('message', ({ name, ...figures }) => {
    results[`large ${name}`] = { medians: { ecrp: figures } };
  });
  const [status] = await once(child, 'exit');
  if (status !== 0) process.exitCode = 1;
}

function chooseCases() {
  const chosen = {};
  for (const [option, known] of Object.entries({
    actions: ACTIONS,
    images: IMAGES,
    forms: FORMS,
    links: LINKS,
    scenarios: SCENARIOS,
  })) {
    chosen[option] = values[option].split(',');
    const unknown = chosen[option].find((name) => !Object.hasOwn(known, name));
    if (unknown !== undefined) throw new Error(`--${option} ${unknown}: choose from ${Object.keys(known)}`);
  }
  const aimed = values.targets && new Set(tables.flatMap((table) => TARGETS[table].map(({ key }) => key)));
  return listCases().filter(
    ({ key, action, image, form, link, scenario }) =>
      chosen.actions.includes(action) &&
      chosen.images.includes(image) &&
      chosen.forms.includes(form) &&
      chosen.links.includes(link) &&
      chosen.scenarios.includes(scenario) &&
      (aimed === undefined || aimed.has(key)),
  );
}

/** Opens the clients and names those that are not installed. */
async function openClients() {
  const clients = {};
  const usual = CLIENT_NAMES.filter((name) => name !== 'ecrp-before' || values.before !== undefined);
  for (const name of values.peers?.split(',') ?? usual) {
    if (!CLIENT_NAMES.includes(name)) throw new Error(`--peers ${name}: choose from ${CLIENT_NAMES}`);
    const missing = [
      ...findMissing(name),
      ...(name === 'ecrp-zstd' && !knowsZstd() ? ['zstd in ecrp'] : []),
      ...(name === 'ecrp-before' && values.before === undefined ? ['checkout in --before'] : []),
    ];
    try {
      if (missing.length > 0) throw new Error(`there is no ${missing.join(', no ')}`);
      clients[name] = await openClient(name, join(values.work, 'clients', name), {
        zstdNode: values['zstd-node'],
        before: values.before && resolve(values.before),
      });
    } catch (error) {
      say(`${name} is left out: ${error.message}.\n`);
    }
  }
  return clients;
}

function knowsZstd() {
  const { stdout } = spawnSync(values['zstd-node'], ['-p', '"zstdCompress" in zlib'], { encoding: 'utf8' });
  return stdout.trim() === 'true';
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
