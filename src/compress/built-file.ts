import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The path of a file that the build makes; for a test, which runs the sources, it is the one of the last build. */
export function findBuiltFile(name: string): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return join(directory, 'dist', name);
}
