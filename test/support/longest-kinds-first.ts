import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Kinds with the longest files come first: a long file that starts last would run alone at the end. */
const KINDS = ['conformance', 'faults', 'e2e', 'unit'];

/** Sorts the files of a run by kind, their folder in `test/`. Within a kind it sorts like vitest: by the last duration, else by size. */
export class LongestKindsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const [, kind = ''] = relative(project.config.root, moduleId).split(/[/\\]/);
      return (KINDS.indexOf(kind) + KINDS.length + 1) % (KINDS.length + 1);
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
