// Content of layers: seeded text, machine code, tables and compressed data; or files of this machine's operating system.

import { createCipheriv, createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Listed on first use. */
let systemFiles;

const WORDS = 8192;
const INSTRUCTIONS = 1024;

/** Shares of the kinds of files. gzip compresses this mixture to about two fifths. */
const MIXTURE = [
  { upTo: 0.34, fill: fillWithText },
  { upTo: 0.68, fill: fillWithCode },
  { upTo: 0.92, fill: fillWithTable },
  { upTo: 1, fill: fillWithNoise },
];

/** Makes files of `bytes` in total from a seed. Sizes are between 1 KiB and 1 MiB; small ones are frequent. */
export function* makeFiles(seed, bytes) {
  const random = makeRandom(seed);
  const vocabulary = makeVocabulary(random);
  const instructions = Uint32Array.from({ length: INSTRUCTIONS }, () => random() * 2 ** 32);
  for (let left = bytes, index = 0; left > 0; index += 1) {
    const content = Buffer.alloc(Math.min(left, Math.ceil(1024 ** (1 + random()))));
    const kind = chooseKind(random);
    kind.fill(content, { random, vocabulary, instructions, name: `${seed}/${index}` });
    left -= content.length;
    yield { name: `files/${index % 97}/${index}`, content };
  }
}

/** Makes one file of `bytes` that repeats one line, with a number in each MiB. It is quick to make and to compress. */
export function* makeLongFile(seed, bytes) {
  const content = Buffer.alloc(bytes, 'The same line again and again.\n');
  for (let at = 0; at < bytes; at += 1024 * 1024) content.write(`${seed}, MiB ${at / (1024 * 1024)}\n`, at);
  yield { name: 'file', content };
}

/**
 * Reads files below /usr in the order of the hashes of their paths, up to `bytes` in total. Skips files longer than half of that. Each of
 * `count` layers has its own files.
 */
export function* readSystemFiles(_seed, bytes, index, count) {
  systemFiles ??= listFiles('/usr')
    .map((path) => ({ path, hash: createHash('sha256').update(path).digest('hex') }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1));
  let left = bytes;
  for (let at = index; at < systemFiles.length && left > 0; at += count) {
    const { path } = systemFiles[at];
    if (lstatSync(path).size > bytes / 2) continue;
    const content = readFileSync(path).subarray(0, left);
    left -= content.length;
    yield { name: path.slice(1), content };
  }
}

function listFiles(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? listFiles(path) : entry.isFile() ? [path] : [];
  });
}

function chooseKind(random) {
  const drawn = random();
  return MIXTURE.find(({ upTo }) => drawn < upTo);
}

/** Words with a skewed frequency, as in any language. */
function fillWithText(content, { random, vocabulary }) {
  let at = 0;
  while (at < content.length) {
    const word = vocabulary[Math.floor(WORDS * random() ** 5)];
    for (let index = 0; index < word.length && at < content.length; index += 1) content[at++] = word[index];
    if (at < content.length) content[at++] = random() < 0.1 ? 0x0a : 0x20;
  }
}

/** Instructions of four bytes, some frequent, every seventh with a random operand. */
function fillWithCode(content, { random, instructions }) {
  for (let at = 0; at + 4 <= content.length; at += 4) {
    const instruction = instructions[Math.floor(INSTRUCTIONS * random() ** 6)];
    content.writeUInt32LE(instruction, at);
    if (random() < 0.15) content[at + 3] = random() * 256;
  }
}

/** Rows that differ in a counter and in two bytes. */
function fillWithTable(content, { random }) {
  for (let at = 0, row = 0; at + 32 <= content.length; at += 32, row += 1) {
    content.writeUInt32LE(row * 24, at);
    content.writeUInt32LE(0x0040_0000 + row, at + 8);
    content.writeUInt16LE(Math.floor(random() * 65_536), at + 16);
  }
}

function fillWithNoise(content, { name }) {
  const key = createHash('sha256').update(name).digest();
  createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(content).copy(content);
}

function makeVocabulary(random) {
  return Array.from({ length: WORDS }, () =>
    Uint8Array.from({ length: 2 + random() ** 2 * 12 }, () => 0x61 + random() ** 2 * 26),
  );
}

/** Makes random numbers in [0, 1) from a seed (mulberry32). */
function makeRandom(seed) {
  let state = createHash('sha256').update(String(seed)).digest().readUInt32LE();
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
