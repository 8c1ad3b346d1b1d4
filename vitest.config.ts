import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { CountReporter } from './test/support/count-reporter.ts';
import { LongestKindsFirst } from './test/support/longest-kinds-first.ts';

/**
 * One project per kind of test; the CLI under e2e, faults and conformance is the built one (`npm test` builds first). The
 * timeouts end what hangs: nothing that is well comes near them, also where many processes share a core.
 */
const project = (name: string, testTimeout: number, isolate = true) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout, isolate },
});

const countsFile = process.env.ECRP_COUNTS_FILE;

export default defineConfig({
  test: {
    reporters: countsFile === undefined ? ['default'] : ['default', new CountReporter(countsFile)],
    // Half of what the files do is waiting, for children and for the delays of the emulator.
    maxWorkers: Math.min(16, 2 * availableParallelism()),
    sequence: { sequencer: LongestKindsFirst },
    projects: [
      { test: { name: 'architecture', include: ['test/*.test.ts'], testTimeout: 120_000 } },
      // Their modules are loaded once for each worker: that is half of their time.
      project('unit', 120_000, false),
      project('e2e', 300_000),
      project('faults', 600_000),
      project('conformance', 600_000),
    ],
  },
});
