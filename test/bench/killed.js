// Counts the bytes on the wire of a push that is killed repeatedly, through a shaped link. Run `npm run build` first.
//
//   node test/bench/killed.js [KILLS=10] [MIB=600] [PART_SIZE=10]
//
// One layer of random bytes in an OCI layout, 200 Mbit/s, 40 ms round trip. kill -9 comes after random times, spread over the time of the layer.
// Each kill loses the part in flight, half of it on average.

import { spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program, startEmulator, startLink } from './servers.js';

const MIB = 1024 * 1024;
const BITS_PER_SECOND = 200e6;
const kills = Number(process.argv[2] ?? 10);
const layerBytes = Number(process.argv[3] ?? 600) * MIB;
const partSize = process.argv[4] ?? '10';

const directory = mkdtempSync(join(tmpdir(), 'ecrp-killed-'));
const layout = join(directory, 'layout');
writeLayout();
const emulator = await startEmulator(join(directory, 'emulator'));
const link = await startLink(emulator.port, { bitsPerSecond: BITS_PER_SECOND, roundTripMs: 40 });
try {
  await emulator.createRepository('killed');
  const wireBytes = (layerBytes * 4) / 3;
  const wholeMs = (wireBytes * 8000) / BITS_PER_SECOND;
  for (let count = 0; count < kills; count += 1) {
    const { child } = push();
    await sleep((2 * Math.random() * wholeMs) / kills);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  const { child, output } = push();
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`the last push ended with status ${status}`);
  const { bytes } = JSON.parse(Buffer.concat(output).toString());
  const { up } = await link.countBytes();
  const share = (up / wireBytes).toFixed(3);
  process.stdout.write(
    `${kills} kills: ${(up / 1e6).toFixed(1)} MB sent, ${share} of the layer in base64; ${JSON.stringify(bytes)}\n`,
  );
} finally {
  await link.stop();
  await emulator.stop();
  rmSync(directory, { recursive: true, force: true });
}

function push() {
  const child = spawn(
    process.execPath,
    [program, 'push', layout, 'killed:v1', '--json', '--quiet', '--part-size', partSize],
    {
      env: {
        PATH: process.env.PATH,
        HOME: directory,
        ...emulator.env,
        AWS_ENDPOINT_URL_ECR_PUBLIC: `http://127.0.0.1:${link.port}`,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  return { child, output };
}

function writeLayout() {
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
  const type = 'application/vnd.oci.image';
  const write = (mediaType, bytes) => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(layout, 'blobs/sha256', hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const layer = write(`${type}.layer.v1.tar`, randomFillSync(Buffer.alloc(layerBytes)));
  const rootfs = { type: 'layers', diff_ids: [layer.digest] };
  const config = write(
    `${type}.config.v1+json`,
    Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs })),
  );
  const mediaType = `${type}.manifest.v1+json`;
  const manifest = write(
    mediaType,
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] })),
  );
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}
