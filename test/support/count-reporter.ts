import { appendFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/**
 * Appends the counts of the run to a file as one line: `N passed, N failed, N skipped`. A failure outside of a test (a file that does not
 * load, a hook, an unhandled rejection) counts as failed as well.
 */
export class CountReporter implements Reporter {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      counts.failed += module.errors().length;
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        // A test without a result was not reached, e.g. in an aborted run.
        counts[state === 'pending' ? 'failed' : state] += 1;
      }
    }
    const { passed, failed, skipped } = counts;
    appendFileSync(this.#file, `${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  }
}
