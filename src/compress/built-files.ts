import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EcrpError } from '../errors.ts';
import type { DeflateModule } from './deflater.ts';

// Apart from deflater.ts, because threads load that, and would load what errors.ts is bundled with.

/** The part of WebAssembly used here: TypeScript declares it for browsers only. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<DeflateModule>;
};

/** Loads and compiles the WebAssembly that the build makes of `deflate/`. */
export async function loadDeflateModule(): Promise<DeflateModule> {
  return WebAssembly.compile(await readFile(findBuiltFile('deflate.wasm')));
}

/**
 * Finds a file of the build: beside the bundle, or in dist/ for tests, which run the sources. Throws INTERNAL if it is missing, as after
 * an incomplete installation.
 */
export function findBuiltFile(name: string): string {
  const beside = join(import.meta.dirname, name);
  const found = [beside, join(import.meta.dirname, '../../dist', name)].find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new EcrpError('INTERNAL', `${beside}: this file of ecrp is missing`, { hint: 'Install ecrp again.' });
}
