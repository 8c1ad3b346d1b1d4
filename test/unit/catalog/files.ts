import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
