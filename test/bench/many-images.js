// Measures `image list` and `image prune --dry-run` on a full repository, on Linux: time, calls of the API, manifests read, and peak memory.
// Run `npm run build` first.
//
//   node test/bench/many-images.js [IMAGES=100000]
//
// The images are put into the emulator's storage before it starts: of every thousand, three are untagged, and eight are two tagged indexes with
// their children. The others are tagged images. Filling the storage takes about a minute.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { build } from 'rolldown';

const count = Number(process.argv[2] ?? 100_000);
const program = join(import.meta.dirname, '../../bin/ecrp.js');
const hook = join(import.meta.dirname, '../support/report-memory.cjs');
const directory = mkdtempSync(join(tmpdir(), 'ecrp-many-'));
const dataDirectory = join(directory, 'data');
const log = join(directory, 'requests');

try {
  const { fillRepository } = await loadFilling();
  await fillRepository(dataDirectory, 'many', yieldImages());
  const emulator = await startEmulator();
  try {
    const commands = [
      ['image', 'list', 'many'],
      ['image', 'list', 'many', '--json'],
      ['image', 'list', 'many', '--tags', '--json'],
      ['image', 'prune', 'many', '--untagged', '--dry-run'],
      ['image', 'prune', 'many', '--untagged', '--dry-run', '--json'],
    ];
    for (const command of commands) await measure(command, emulator.env);
  } finally {
    emulator.child.kill('SIGTERM');
    await once(emulator.child, 'exit');
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function* yieldImages() {
  const nowMs = Date.now();
  let made = 0;
  for (let number = 0; made < count; number += 1) {
    const pushedAtMs = nowMs - (count - made) * 60_000;
    const place = number % 990;
    const platforms = place < 2 ? 3 : 0;
    yield { pushedAtMs, platforms, ...(place < 987 && { tag: `1.${number}` }) };
    made += 1 + platforms;
  }
}

/** Loads test/support/fill-repository.ts. Node 20 does not run TypeScript, so it is bundled first. */
async function loadFilling() {
  const file = join(directory, 'fill.mjs');
  await build({
    input: join(import.meta.dirname, '../support/fill-repository.ts'),
    platform: 'node',
    output: { file, format: 'esm' },
  });
  return import(pathToFileURL(file).href);
}

async function startEmulator() {
  const options = ['--port', '0', '--data', dataDirectory, '--log', log, '--json', '--quiet'];
  const child = spawn(process.execPath, [program, 'emulator', ...options], {
    env: { PATH: process.env.PATH, HOME: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  const { url, registryHost, accessKeyId, secretAccessKey } = JSON.parse(line);
  const env = {
    PATH: process.env.PATH,
    HOME: directory,
    AWS_ENDPOINT_URL_ECR_PUBLIC: url,
    ECRP_REGISTRY_HOST: registryHost,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  return { child, env };
}

async function measure(command, env) {
  const before = readRequests().length;
  const peak = join(directory, 'peak');
  const output = openSync(join(directory, 'output'), 'w');
  const started = performance.now();
  const child = spawn(process.execPath, ['--require', hook, program, ...command], {
    env: { ...env, ECRP_TEST_MEMORY: peak },
    stdio: ['ignore', output, 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const [status] = await once(child, 'close');
  closeSync(output);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${errors}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const mib = Math.round(Number(readFileSync(peak, 'utf8')) / 1024);
  const requests = readRequests().slice(before);
  const calls = requests.filter(({ operation }) => operation !== undefined).length;
  const reads = requests.filter(({ route }) => route?.includes('manifests')).length;
  const what = `ecrp ${command.join(' ')}`.padEnd(48);
  process.stdout.write(`${what}  ${seconds.padStart(6)} s  ${calls} calls  ${reads} manifests  ${mib} MiB\n`);
}

function readRequests() {
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
