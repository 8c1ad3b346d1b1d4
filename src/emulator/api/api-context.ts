import type { FaultPlan } from '../faults/fault-plan.ts';
import type { OperationContext } from '../operations/context.ts';
import type { BufferPool } from './buffer-pool.ts';

/** What the JSON API works with. */
export interface ApiContext extends OperationContext {
  readonly faults: FaultPlan;
  readonly bufferPool: BufferPool;
  /** Aborted when the emulator closes. */
  readonly closing: AbortSignal;
  /** Told of errors that are no answers of the service: bugs, or the disk. */
  readonly onError: (error: unknown) => void;
}
