import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createGzipCompressor } from '../../../src/compress/gzip-compressor.ts';
import { makeRandom } from '../../support/images.ts';
import { makeMixedContent } from './mixed-content.ts';

const BLOCK = 512 * 1024;

async function* chunksOf(content: Buffer, nextSize: () => number): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; ) {
    const size = Math.max(1, nextSize());
    yield content.subarray(start, start + size);
    start += size;
  }
}

async function compress(
  content: Buffer,
  options: { level?: number; lanes?: number; nextSize?: () => number } = {},
) {
  const output: Buffer[] = [];
  const input = chunksOf(content, options.nextSize ?? (() => 64 * 1024));
  for await (const bytes of createGzipCompressor(options).compress(input)) output.push(Buffer.from(bytes));
  return Buffer.concat(output);
}

const boundaries = [0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1, 5 * BLOCK];

describe('createGzipCompressor', () => {
  it.each(boundaries)('compresses %i bytes that zlib restores', async (size) => {
    const content = makeMixedContent(makeRandom(size + 1), size);
    const packed = await compress(content);
    expect(gunzipSync(packed).equals(content)).toBe(true);
  });

  it('gives the same bytes for any chunking of the input and any number of lanes', async () => {
    const random = makeRandom(42);
    for (let round = 0; round < 8; round += 1) {
      const content = makeMixedContent(random, Math.floor(random() * 4 * BLOCK));
      const expected = await compress(content, { lanes: 1 });
      expect(gunzipSync(expected).equals(content)).toBe(true);
      const largest = 10 ** (1 + Math.floor(random() * 6));
      const lanes = 1 + Math.floor(random() * 8);
      const packed = await compress(content, { lanes, nextSize: () => Math.floor(random() * largest) });
      expect(packed.equals(expected), `round ${round}, ${lanes} lanes, chunks up to ${largest}`).toBe(true);
    }
  });

  it('ignores empty chunks', async () => {
    const content = makeMixedContent(makeRandom(7), 1000);
    async function* input() {
      yield Buffer.alloc(0);
      yield content.subarray(0, 10);
      yield Buffer.alloc(0);
      yield content.subarray(10);
    }
    const output: Buffer[] = [];
    for await (const bytes of createGzipCompressor().compress(input())) output.push(Buffer.from(bytes));
    expect(Buffer.concat(output).equals(await compress(content))).toBe(true);
  });

  it('is one gzip member without time, name or operating system', async () => {
    const content = makeMixedContent(makeRandom(3), 3 * BLOCK);
    const packed = await compress(content);
    expect([...packed.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    expect(packed.readUInt32LE(packed.length - 4)).toBe(content.length);
  });

  it('is hardly larger than zlib at its default level', async () => {
    const content = makeMixedContent(makeRandom(11), 4 * BLOCK);
    const packed = await compress(content);
    expect(packed.length).toBeLessThan(1.03 * gzipSync(content, { level: 6 }).length);
  });

  it.each([0, 1, 9])('compresses like zlib at level %i', async (level) => {
    const content = makeMixedContent(makeRandom(11), 2 * BLOCK + 1);
    const packed = await compress(content, { level });
    expect(gunzipSync(packed).equals(content)).toBe(true);
    const byZlib = gzipSync(content, { level }).length;
    expect(packed.length).toBeGreaterThan(0.99 * byZlib);
    expect(packed.length).toBeLessThan(1.01 * byZlib);
  });

  it.each([undefined, 0, 6])('has room for what cannot be compressed, at level %s', async (level) => {
    const content = randomBytes(3 * BLOCK + 7);
    const packed = await compress(content, { ...(level !== undefined && { level }) });
    expect(packed.length).toBeGreaterThan(content.length);
    expect(gunzipSync(packed).equals(content)).toBe(true);
  });

  it.each([undefined, 1])('reuses the memory of outputs that have been read, at level %s', async (level) => {
    const content = makeMixedContent(makeRandom(13), 24 * BLOCK);
    const outputs = createGzipCompressor({ lanes: 2, level }).compress(chunksOf(content, () => BLOCK));
    let outputsOfBlocks = 0;
    let memories = 0;
    for await (const { buffer, length } of outputs) {
      if (length < 100) continue;
      outputsOfBlocks += 1;
      // No output is that long, so a mark at the end of the memory stays. The buffer is another one after each transfer.
      const end = Buffer.from(buffer).subarray(-4);
      if (end.toString() !== 'seen') memories += 1;
      end.write('seen');
    }
    expect(outputsOfBlocks).toBe(24);
    // Twice the lanes are pending, one is read, and one is filled.
    expect(memories).toBeLessThanOrEqual(6);
  });

  it('refers to the block before across the boundary', async () => {
    const half = makeMixedContent(makeRandom(5), BLOCK);
    const tail = half.subarray(-16 * 1024);
    const alone = await compress(half);
    const followed = await compress(Buffer.concat([half, tail]));
    expect(followed.length - alone.length).toBeLessThan(300);
  });

  it('names everything that its output depends on in its ID', () => {
    expect(createGzipCompressor({ level: 3 }).id).not.toBe(createGzipCompressor({ level: 4 }).id);
    expect(createGzipCompressor({ lanes: 3 }).id).toBe(createGzipCompressor({ lanes: 4 }).id);
    expect(createGzipCompressor({ level: 6 }).id).toMatch(/^gzip-6-v1-zlib-[\w.-]+$/);
    expect(createGzipCompressor().id).toBe('gzip-v2');
  });

  it('reads no further ahead than twice its lanes', async () => {
    const content = makeMixedContent(makeRandom(9), BLOCK);
    let blocksRead = 0;
    async function* endless() {
      for (;;) {
        blocksRead += 1;
        yield content;
      }
    }
    const output = createGzipCompressor({ lanes: 2, level: 1 }).compress(endless())[Symbol.asyncIterator]();
    for (let taken = 0; taken < 4; taken += 1) {
      await output.next();
      // After the header and `taken` blocks, four are pending, and one is full because another follows.
      expect(blocksRead).toBeLessThanOrEqual(taken + 5);
    }
    await output.return?.();
  });

  it('ends the input when the consumer stops early', async () => {
    let ended = false;
    async function* input() {
      try {
        for (;;) yield Buffer.alloc(BLOCK);
      } finally {
        ended = true;
      }
    }
    let outputs = 0;
    for await (const _ of createGzipCompressor().compress(input())) {
      outputs += 1;
      if (outputs === 3) break;
    }
    expect(ended).toBe(true);
  });

  it('passes an error of the input on', async () => {
    async function* input() {
      yield Buffer.alloc(10 * BLOCK);
      throw new Error('entry is cut short');
    }
    const read = async () => {
      for await (const _ of createGzipCompressor().compress(input()));
    };
    await expect(read()).rejects.toThrow('entry is cut short');
  });
});
