import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { CountReporter } from './test/support/count-reporter.ts';
import { LongestKindsFirst } from './test/support/longest-kinds-first.ts';

const countsFile = process.env.ECRP_COUNTS_FILE;
/** Ends what hangs. A test that works comes nowhere near it, even when many processes share a core. */
const TIMEOUT_MS = 600_000;

/**
 * The CLI under `test/e2e`, `test/faults` and `test/conformance` is the built one; `npm test` builds first. All files share the workers, because
 * loading and warming up the modules takes more than many files do. A folder of `test/` on the command line runs one kind.
 */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: TIMEOUT_MS,
    hookTimeout: TIMEOUT_MS,
    // Vitest's own is 1 s, which a busy machine exceeds.
    expect: { poll: { timeout: 50_000 } },
    isolate: false,
    reporters: countsFile === undefined ? ['default'] : ['default', new CountReporter(countsFile)],
    // Much of what the files do is waiting: for children, for the disk, and for the delays of the emulator.
    maxWorkers: Math.min(16, 3 * availableParallelism()),
    sequence: { sequencer: LongestKindsFirst },
  },
});
