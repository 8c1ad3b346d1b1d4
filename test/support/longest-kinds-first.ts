import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Kinds with the longest files come first: a long file that starts last would run alone at the end. */
const KINDS = ['conformance', 'faults', 'e2e', 'unit', 'architecture'];

/** Sorts the files of a run by kind. Within a kind it sorts like vitest: by the last duration, else by size. */
export class LongestKindsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => KINDS.indexOf(a.project.name) - KINDS.indexOf(b.project.name));
  }
}
