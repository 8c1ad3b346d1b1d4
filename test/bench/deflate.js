// Compares the deflate of src/compress/deflate with zlib: CPU time per MiB, size, and the digest of the output. One thread, no push.
//
//     npm run build && node test/bench/deflate.js [MIB] [ROUNDS]

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { makeFiles, readSystemFiles } from './content.js';
import { formatTable } from './table.js';

const MIB = 1024 * 1024;
const CHUNK_BYTES = 512 * 1024;
const WINDOW_BYTES = 32 * 1024;
const ZLIB_LEVELS = [1, 3, 4, 5, 6];

const root = join(import.meta.dirname, '../..');
const [mib = 32, rounds = 5] = process.argv.slice(2).map(Number);
const deflateChunk = await loadDeflate();

const contents = {
  'content of the benchmark (seed `deflate`)': joinFiles(makeFiles('deflate', mib * MIB)),
  'files of `/usr`': joinFiles(readSystemFiles('', mib * MIB, 0, 1)),
  'sources of `node_modules/@aws-sdk` and `@smithy`': readPackages(['@aws-sdk', '@smithy']),
};
for (const [name, content] of Object.entries(contents)) compare(name, content);

/** Runs the engines in turns and prints the least CPU time of each: whatever else the machine does only adds to it. */
function compare(name, content) {
  const engines = {
    ours: deflateInChunks,
    ...Object.fromEntries(
      ZLIB_LEVELS.map((level) => [`zlib ${level}`, (bytes) => deflateRawSync(bytes, { level })]),
    ),
  };
  const runs = Object.entries(engines).map(([engine, deflate]) => ({ engine, deflate, times: [], bytes: 0 }));
  for (let round = 0; round < rounds; round += 1) {
    for (const run of runs) {
      const before = process.cpuUsage();
      run.bytes = run.deflate(content).length;
      const { user, system } = process.cpuUsage(before);
      run.times.push((user + system) / 1000 / (content.length / MIB));
    }
  }
  const reference = runs.find(({ engine }) => engine === 'zlib 6').bytes;
  const rows = runs.map(({ engine, times, bytes }) => [
    ...[engine, Math.min(...times).toFixed(1)],
    ...[(bytes / reference).toFixed(3), `${((100 * bytes) / content.length).toFixed(1)} %`],
  ]);
  const output = deflateInChunks(content);
  if (!inflateRawSync(output).equals(content)) throw new Error(`${name}: zlib inflates something else`);
  const digest = createHash('sha256').update(output).digest('hex');
  process.stdout.write(
    `${name}, ${(content.length / MIB).toFixed(1)} MiB, sha256 of ours ${digest.slice(0, 16)}…\n\n`,
  );
  process.stdout.write(
    `${formatTable(['engine', 'CPU ms per MiB', 'size ÷ zlib 6', 'of the content'], rows)}\n\n`,
  );
}

function deflateInChunks(content) {
  const output = [];
  for (let start = 0; start < content.length; start += CHUNK_BYTES) {
    const end = Math.min(content.length, start + CHUNK_BYTES);
    const window = content.subarray(Math.max(0, start - WINDOW_BYTES), start);
    output.push(deflateChunk(window, content.subarray(start, end), end === content.length));
  }
  return Buffer.concat(output);
}

/** Loads the deflate as src/compress/built-files.ts and deflater.ts do, in one step. */
async function loadDeflate() {
  const module = await WebAssembly.compile(readFileSync(join(root, 'dist/deflate.wasm')));
  const { memory, inputAt, outputAt, deflate } = new WebAssembly.Instance(module).exports;
  const bytes = new Uint8Array(memory.buffer);
  return (window, chunk, isLast) => {
    bytes.set(window, inputAt.value);
    bytes.set(chunk, inputAt.value + window.length);
    const size = deflate(window.length, chunk.length, Number(isLast));
    return bytes.slice(outputAt.value, outputAt.value + size);
  };
}

function joinFiles(files) {
  return Buffer.concat(Array.from(files, ({ content }) => content));
}

function readPackages(directories) {
  const paths = directories.flatMap((directory) =>
    readdirSync(join(root, 'node_modules', directory), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return Buffer.concat(paths.sort().map((path) => readFileSync(path)));
}
