import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { CountReporter } from './test/support/count-reporter.ts';
import { LongestKindsFirst } from './test/support/longest-kinds-first.ts';

/**
 * One project per kind of test; the CLI under e2e, faults and conformance is the built one (`npm test` builds first). The
 * timeouts end what hangs: nothing that is well comes near them, also where many processes share a core. Files of a kind share
 * workers: to load the modules anew for each file, and to warm them up, takes more than many a file does.
 */
const project = (name: string, timeoutMs: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    isolate: false,
  },
});

const countsFile = process.env.ECRP_COUNTS_FILE;

export default defineConfig({
  test: {
    reporters: countsFile === undefined ? ['default'] : ['default', new CountReporter(countsFile)],
    // Much of what the files do is waiting: for children, for the disk, and for the delays of the emulator.
    maxWorkers: Math.min(16, 3 * availableParallelism()),
    sequence: { sequencer: LongestKindsFirst },
    projects: [
      { test: { name: 'architecture', include: ['test/*.test.ts'], testTimeout: 120_000 } },
      project('unit', 120_000),
      project('e2e', 300_000),
      project('faults', 600_000),
      project('conformance', 600_000),
    ],
  },
});
