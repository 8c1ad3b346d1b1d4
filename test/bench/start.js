// Measures the start of `ecrp --version` and of node itself.

import { join } from 'node:path';
import { measure } from './measure.js';
import { program } from './servers.js';

const COMMANDS = {
  'node -e 0': [process.execPath, '-e', '0'],
  'ecrp --version': [process.execPath, program, '--version'],
};

/** Runs the commands in turns. The first round fills caches and does not count. */
export async function measureStart(runs, work) {
  const results = Object.fromEntries(Object.keys(COMMANDS).map((name) => [name, []]));
  for (let run = -1; run < runs; run += 1)
    for (const [name, argv] of Object.entries(COMMANDS)) {
      const result = await measure(argv, { env: { PATH: process.env.PATH }, log: join(work, 'start.log') });
      if (run >= 0) results[name].push(result);
    }
  return results;
}
