import { defineConfig } from 'vitest/config';
import { CountReporter } from './test/support/count-reporter.ts';

// One project per kind of test; the CLI under e2e, faults and conformance is the built one (`npm test` builds first).
const project = (name: string, testTimeout: number) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout },
});

const countsFile = process.env.ECRP_COUNTS_FILE;

export default defineConfig({
  test: {
    reporters: countsFile === undefined ? ['default'] : ['default', new CountReporter(countsFile)],
    projects: [
      { test: { name: 'architecture', include: ['test/*.test.ts'] } },
      project('unit', 30_000),
      project('e2e', 60_000),
      project('faults', 120_000),
      project('conformance', 180_000),
    ],
  },
});
