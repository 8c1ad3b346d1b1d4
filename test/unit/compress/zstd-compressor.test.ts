import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createZstdCompressor } from '../../../src/compress/zstd-compressor.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeRandom } from '../../support/images.ts';
import { makeMixedContent } from './mixed-content.ts';

const BLOCK = 1024 * 1024;
const unpack: unknown = Reflect.get(zlib, 'zstdDecompressSync');

async function* chunksOf(content: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; start += chunkBytes) {
    yield content.subarray(start, start + chunkBytes);
  }
}

async function compress(
  content: Buffer,
  options: { level?: number; lanes?: number; chunkBytes?: number } = {},
) {
  const output: Buffer[] = [];
  const input = chunksOf(content, options.chunkBytes ?? 65_536);
  for await (const bytes of createZstdCompressor(options).compress(input)) output.push(bytes);
  return Buffer.concat(output);
}

describe.runIf(typeof unpack === 'function')('createZstdCompressor, where Node has zstd', () => {
  // Documented by Node, but missing in the types of an older Node.
  const unpackSync = unpack as (bytes: Buffer) => Buffer;

  it.each([0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])(
    'gives back %i bytes when unpacked',
    async (size) => {
      const content = makeMixedContent(makeRandom(size + 1), size);
      expect(unpackSync(await compress(content)).equals(content)).toBe(true);
    },
  );

  it('gives the same bytes for any chunking of the input and any number of lanes', async () => {
    const content = makeMixedContent(makeRandom(42), 3 * BLOCK + 1000);
    const expected = await compress(content, { lanes: 1 });
    for (const [lanes, chunkBytes] of [
      [2, 1000],
      [3, BLOCK],
      [8, 4 * BLOCK],
    ] as const) {
      expect((await compress(content, { lanes, chunkBytes })).equals(expected)).toBe(true);
    }
  });

  it('has its own ID for each level, and the level changes the output', async () => {
    const content = makeMixedContent(makeRandom(1), 2 * BLOCK);
    const [fast, small] = [await compress(content, { level: 1 }), await compress(content, { level: 15 })];
    expect(small.length).toBeLessThan(fast.length);
    expect(createZstdCompressor({ level: 1 }).id).not.toBe(createZstdCompressor({ level: 15 }).id);
    expect(createZstdCompressor().id).toContain(process.versions.zstd);
  });

  it('ends the input when the consumer stops early', async () => {
    let ended = false;
    async function* endless() {
      try {
        for (;;) yield Buffer.alloc(BLOCK);
      } finally {
        ended = true;
      }
    }
    for await (const bytes of createZstdCompressor().compress(endless())) {
      expect(bytes.length).toBeGreaterThan(0);
      break;
    }
    expect(ended).toBe(true);
  });

  it('passes on an error of the input', async () => {
    // biome-ignore lint/correctness/useYield: it fails before the first chunk
    async function* broken(): AsyncGenerator<Buffer> {
      throw new Error('broken');
    }
    const reading = async () => {
      for await (const bytes of createZstdCompressor().compress(broken())) expect(bytes).toBeUndefined();
    };
    await expect(reading()).rejects.toThrow('broken');
  });
});

describe.runIf(unpack === undefined)('createZstdCompressor, where Node has no zstd', () => {
  it('names the Node that has zstd', async () => {
    const error = await catchError(async () => createZstdCompressor());
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('needs Node 22.15') });
    expect(error.message).toContain(process.version);
  });
});
