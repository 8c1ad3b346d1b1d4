import type { ExceptionName } from './exceptions.ts';
import type { StructureShape } from './shape.ts';

/** What the service model says of one operation; `exceptions` in its order. */
export interface Operation {
  readonly input: StructureShape;
  readonly output: StructureShape;
  readonly exceptions: readonly ExceptionName[];
}
