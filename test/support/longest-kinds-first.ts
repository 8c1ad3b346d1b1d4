import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The kinds whose files take longest come first: a long file that is begun last would run alone at the end. */
const KINDS = ['conformance', 'faults', 'e2e', 'unit', 'architecture'];

/** Orders the files of a run by kind; within a kind as vitest does, by how long each took before, else by size. */
export class LongestKindsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => KINDS.indexOf(a.project.name) - KINDS.indexOf(b.project.name));
  }
}
