// `npm run picture`: draws bin/push.svg, the terminal in README.md, from what the built program prints in a pseudo-terminal of 80 columns.
// A push is interrupted and run again against an emulator; the picture is the screen while it resumes. Needs `script` of util-linux.
//
// `node .build/picture/run.js FILE` writes another file. `test/e2e/picture.test.ts` compares that with the committed picture.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { drawSvg } from './draw-svg.js';
import { openTerminal } from './terminal.js';
import { writeImage } from './write-image.js';

const COLUMNS = 80;
const ROWS = 24;
const MEGABYTE = 1_000_000;
/** Sizes of the layers. Most take several parts, so that an interruption finds them half sent. */
const LAYERS = [48.3, 29.1, 15.9, 4.8].map((size) => size * MEGABYTE);
/** Parts that each push gets acknowledged. */
const PARTS = [4, 5];
const FIRST = 'ecrp push app.tar app:1.0 --create-repo';
const AGAIN = 'ecrp push app.tar app:1.0';

const root = join(import.meta.dirname, '../..');
const file = process.argv[2] ?? join(root, 'bin/push.svg');
const home = mkdtempSync(join(tmpdir(), 'ecrp-picture-'));
const log = join(home, 'log');

const children = [];
try {
  await writeImage(join(home, 'app.tar'), LAYERS);
  mkdirSync(join(home, 'bin'));
  symlinkSync(join(root, 'bin/ecrp.js'), join(home, 'bin/ecrp'));
  const env = await startEmulator();
  const rows = await pushTwice(env);
  writeFileSync(file, drawSvg(rows, { columns: COLUMNS, ...describe() }));
} finally {
  for (const child of children) child.kill();
  await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
  rmSync(home, { recursive: true, force: true });
}

function describe() {
  return {
    title: 'A terminal in which ecrp resumes an interrupted push',
    description:
      `“${FIRST}” creates the repository and is interrupted with Ctrl-C. ` +
      `“${AGAIN}” then resumes each layer where it stopped; a bar per layer shows how much is acknowledged.`,
  };
}

async function startEmulator() {
  const options = ['--port', '0', '--log', log, '--json', '--quiet'];
  const child = spawn(process.execPath, [join(root, 'bin/ecrp.js'), 'emulator', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { url, registryHost, accessKeyId, secretAccessKey } = JSON.parse(line);
  return {
    AWS_ENDPOINT_URL_ECR_PUBLIC: url,
    ECRP_REGISTRY_HOST: registryHost,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
}

/** Types both commands into a shell, and returns the screen while the second one runs. */
async function pushTwice(env) {
  const url = env.AWS_ENDPOINT_URL_ECR_PUBLIC;
  const shell = spawn('script', ['-qefc', `stty cols ${COLUMNS} rows ${ROWS}; exec sh -i`, '/dev/null'], {
    cwd: home,
    env: { ...env, HOME: home, PATH: `${join(home, 'bin')}:${process.env.PATH}`, PS1: '$ ', TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(shell);
  const terminal = openTerminal(COLUMNS, ROWS, shell.stdout);
  await terminal.until((lines) => lines.at(-1) === '$');

  await acknowledgeParts(url, PARTS[0]);
  shell.stdin.write(`${FIRST}\r`);
  await partsAcknowledged(PARTS[0]);
  shell.stdin.write('\u0003');
  await terminal.until((lines) => lines.length > 2 && lines.at(-1) === '$');

  await acknowledgeParts(url, PARTS[1]);
  shell.stdin.write(`${AGAIN}\r`);
  // On a slow machine, the display may never have a rate. It then says what it waits for, at first before anything is resumed.
  const isDrawn = (lines) => {
    const text = lines.join(' ');
    return /resumed \d/.test(text) && /left +resumed|acknowledgement, ([89]|\d\d) s/.test(text);
  };
  const screen = await terminal.until(isDrawn);
  shell.stdin.write('\u0003');
  shell.stdin.end('exit\r');
  await once(shell, 'exit');
  return screen;
}

/** Lets so many parts pass, each after a while. All further ones get no answer. */
async function acknowledgeParts(url, count) {
  const stalls = Array.from({ length: 40 }, (_, index) => `UploadLayerPart stall on=${count + index + 1}`);
  const faults = ['UploadLayerPart delay 600', ...stalls];
  const response = await fetch(`${url}/emulator/faults`, { method: 'PUT', body: JSON.stringify({ faults }) });
  if (!response.ok) throw new Error(await response.text());
}

/** Waits until the log of the emulator has so many parts. */
async function partsAcknowledged(count) {
  const isPart = ({ operation, status }) => operation === 'UploadLayerPart' && status === 200;
  for (;;) {
    const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
    if (lines.map((line) => JSON.parse(line)).filter(isPart).length >= count) return;
    await setTimeout(20);
  }
}
