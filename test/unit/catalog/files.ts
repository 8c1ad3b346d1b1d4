import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { afterEach, beforeEach } from 'vitest';
import { loadCatalogFile } from '../../../src/catalog/catalog-file.ts';
import { EcrpError } from '../../../src/errors.ts';

/** Makes a directory for each test. */
export function useDirectory(): () => string {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ecrp-catalog-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));
  return () => directory;
}

/** Writes a catalog file and loads it. */
export async function load(directory: string, content: unknown, name = 'catalog.json') {
  await writeFile(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content));
  return loadCatalogFile(name, directory);
}

/** Returns the error of loading a catalog file. */
export async function refuse(directory: string, content: unknown, name?: string): Promise<EcrpError> {
  const outcome = await load(directory, content, name).catch((error: unknown) => error);
  if (outcome instanceof EcrpError) return outcome;
  throw new Error(`expected an EcrpError, got ${JSON.stringify(outcome)}`);
}

/** Makes a valid PNG of one colour. */
export function makePng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const rows = deflateSync(Buffer.alloc((width + 1) * height));
  return Buffer.concat([
    signature,
    makeChunk('IHDR', header),
    makeChunk('IDAT', rows),
    makeChunk('IEND', Buffer.alloc(0)),
  ]);
}

function makeChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(8 + body.length);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), 4 + body.length);
  return chunk;
}
